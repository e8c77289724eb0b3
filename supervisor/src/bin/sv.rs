//! sv: runit's client, for scripts and habits that know it. It speaks to every supervise of the family.
//!
//! By another name it is an init script, for the service of that name.

#[allow(dead_code, reason = "only the messages of what chains programs are needed")]
mod client {
    pub mod announces;
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod ok;
    pub mod options;
    pub mod record;
    pub mod sv_line;
    pub mod sv_options;
    pub mod sv_service;
    pub mod sv_verb;
}

use client::error_text::error_text;
use client::record::Record;
use client::sv_line::line;
use client::sv_options::{Asked, Wrong};
use client::sv_service::{Seen, Service, moment};
use client::sv_verb::Verb;
use client::{chain, command_line};
use nix::errno::Errno;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use supervisor::paths::service;
use supervisor::status::Want;
use supervisor::sys::signal::{Disposition, SIGPIPE, set_disposition};

const HELP: &str = "\
usage: sv [-v] [-w SECONDS] COMMAND SERVICE...
Controls services as runit's sv does. A service is a path, or a name below $SVDIR; without that, below the first of
/run/sunup/scan, /etc/service and /service that has it. A link to sv is an init script for the service of its name.

commands: status up down once pause cont hup alarm interrupt quit 1 2 term kill exit
          start stop reload restart shutdown try-restart check (these wait: -w, $SVWAIT or 7 s)
          force-stop force-reload force-restart force-shutdown (and KILL when the time is over)

exit codes: the number of services that did not get there, at most 99; 100 usage
            of an init script: 1 it did not get there, 2 usage; of its status: 0 up, 3 down, 4 unknown

examples: sv status /run/sunup/scan/*
          sv -w 30 restart sshd
";
/// Where services are looked for; `SVDIR` replaces all of them.
const SERVICES: [&str; 3] = ["/run/sunup/scan", "/etc/service", "/service"];

fn main() -> ExitCode {
    // What nobody reads ends it, as it ends runit's.
    let _ = set_disposition(SIGPIPE, Disposition::Default);
    if let Some(answered) = command_line::answer("sv", HELP, &command_line::words()) {
        return answered;
    }
    let words: Vec<CString> = std::env::args_os().map(chain::c_string).collect();
    let asked = match Asked::read(&words, std::env::var("SVWAIT").ok().as_deref()) {
        Ok(asked) => asked,
        Err(Wrong(usage, code)) => {
            eprintln!("{usage}");
            return ExitCode::from(code);
        }
    };
    let told: Vec<(&String, Told)> = asked.services.iter().map(|name| (name, begin(&asked, name))).collect();
    if let [(_, Told::Shown(state, _))] = &told[..]
        && asked.is_script
    {
        return ExitCode::from(state.of_script());
    }
    let failed = told.into_iter().filter(|(name, told)| match told {
        Told::Done(well) | Told::Shown(_, well) => !well,
        Told::Waits(service, letters, kills) => !conclude(name, service, service.wait(letters, asked.limit), *kills),
    });
    ExitCode::from(u8::try_from(failed.count()).unwrap_or(99).min(99))
}

/// What became of a command for one service. All services are told first, then waited for one by one.
enum Told {
    /// Its state, and its logger's if it has one, stand in a line on standard output; false if that is not well.
    Shown(State, bool),
    /// It is over; true if it went well. What there was to say has been said.
    Done(bool),
    /// The outcome of these letters is awaited, with KILL if they do not get there.
    Waits(Service, &'static str, bool),
}

/// Gives the command to one service.
fn begin(asked: &Asked, name: &str) -> Told {
    let directory = place(name);
    if let Err(error) = std::fs::read_dir(&directory) {
        println!("fail: {name}: unable to change to service directory: {}", error_text(error));
        return Told::Done(false);
    }
    let service = Service::new(directory);
    match asked.verb {
        Verb::Status => {
            let (state, well) = show(name, &service);
            Told::Shown(state, well)
        }
        Verb::Check => Told::Waits(service, "C", false),
        Verb::Control { letters, waits, kills } => match tell(name, &service, letters) {
            Ok(()) if waits => Told::Waits(service, letters, kills),
            Ok(()) => Told::Done(true),
            Err(is_well) => Told::Done(is_well),
        },
    }
}

/// Writes the letters unless they say what is wanted already. The error is whether all is well without them.
fn tell(name: &str, service: &Service, letters: &str) -> Result<(), bool> {
    let record = match service.look() {
        Seen::Running(record) => record,
        Seen::NotRunning => return Err(not_running(name, letters)),
        Seen::Unable(what, errno) => return Err(warn(name, what, errno)),
    };
    if is_wanted_already(&record, letters) {
        return Ok(());
    }
    // Only runit's supervise takes x for an order to stop the service as well.
    let sent = if letters == "x" && !service.speaks_runit(&record) { "dx" } else { letters };
    service.tell(sent).map_err(|errno| match errno {
        Errno::ENXIO => not_running(name, letters),
        errno => warn(name, "open supervise/control", errno),
    })
}

/// Says how a wait ended.
fn conclude(name: &str, service: &Service, there: Option<bool>, kills: bool) -> bool {
    match (there, service.look()) {
        (Some(true), Seen::Running(record)) => println!("ok: {}", describe(name, service, &record)),
        (Some(true), _) => println!("ok: {name}: runsv not running"),
        (_, Seen::Running(record)) => {
            let word = if kills { "kill" } else { "timeout" };
            println!("{word}: {}", describe(name, service, &record));
            if kills {
                let _ = service.tell("k");
            }
            return false;
        }
        (_, Seen::NotRunning) => return not_running(name, ""),
        (_, Seen::Unable(what, errno)) => return warn(name, what, errno),
    }
    true
}

/// What a status is about.
enum State {
    Up,
    Down,
    /// Without a supervise.
    Alone,
    /// It could not be told.
    Unknown,
}

impl State {
    /// The exit code of an init script's `status`.
    const fn of_script(&self) -> u8 {
        match self {
            Self::Up => 0,
            Self::Alone => 1,
            Self::Down => 3,
            Self::Unknown => 4,
        }
    }
}

/// `sv status`: the service's line, and its logger's. False if one of them has no supervise, or cannot be told.
fn show(name: &str, service: &Service) -> (State, bool) {
    let record = match service.look() {
        Seen::Running(record) => record,
        Seen::NotRunning => return (State::Alone, not_running(name, "")),
        Seen::Unable(what, errno) => return (State::Unknown, warn(name, what, errno)),
    };
    let state = if record.is_running() { State::Up } else { State::Down };
    let text = describe(name, service, &record);
    let logger = Service::new(service.directory().join(service::LOG));
    if !logger.directory().exists() {
        println!("{text}");
        return (state, true);
    }
    print!("{text}; ");
    let name = format!("{name}/log");
    let well = match logger.look() {
        Seen::Running(record) => {
            println!("{}", describe("log", &logger, &record));
            true
        }
        Seen::NotRunning => not_running(&name, ""),
        Seen::Unable(what, errno) => warn(&name, what, errno),
    };
    (state, well)
}

fn describe(name: &str, service: &Service, record: &Record) -> String {
    let normally_up = !service.directory().join(service::DOWN).exists();
    line(name, record, normally_up, moment(SystemTime::now()).0)
}

/// Says that no supervise runs, which is what `exit` and `shutdown` want.
fn not_running(name: &str, letters: &str) -> bool {
    let is_well = letters == "x";
    println!("{}: {name}: runsv not running", if is_well { "ok" } else { "fail" });
    is_well
}

/// Says what could not be done; never well.
fn warn(name: &str, what: &str, errno: Errno) -> bool {
    println!("warning: {name}: unable to {what}: {}", error_text(errno));
    false
}

/// A service that is up as wanted, or was told to go down, is not told again. One that is wanted up and rests is: that
/// ends the rest.
fn is_wanted_already(record: &Record, letters: &str) -> bool {
    match (letters, record.status.want) {
        ("u", Want::Up) => record.is_running(),
        ("d", Want::Down) => record.status.got_term || !record.is_running(),
        _ => false,
    }
}

/// A path stays what it is; a name is looked for below SVDIR, or where services usually are.
fn place(name: &str) -> PathBuf {
    if name.is_empty() || name.starts_with(['/', '.']) || name.ends_with('/') {
        return name.into();
    }
    match std::env::var_os("SVDIR") {
        Some(directory) => Path::new(&directory).join(name),
        None => {
            let places = SERVICES.map(|directory| Path::new(directory).join(name));
            let [first, ..] = &places;
            places.iter().find(|place| place.exists()).unwrap_or(first).clone()
        }
    }
}
