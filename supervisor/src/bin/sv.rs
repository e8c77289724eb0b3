//! sv: runit's client, for scripts and habits that know it. It speaks to every supervise of the family.

mod client {
    pub mod announces;
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod ok;
    pub mod record;
    pub mod sv_line;
    pub mod sv_service;
    pub mod sv_verb;
}

use client::command_line;
use client::error_text::error_text;
use client::record::{Family, Record};
use client::sv_line::line;
use client::sv_service::{Seen, Service, seconds};
use client::sv_verb::Verb;
use nix::errno::Errno;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use supervisor::paths::service;

const HELP: &str = "\
usage: sv [-v] [-w SECONDS] COMMAND SERVICE...
Controls services as runit's sv does. A service is a path, or a name below $SVDIR (/run/sunup/scan).

commands: status up down once pause cont hup alarm interrupt quit 1 2 term kill exit
          start stop reload restart shutdown try-restart check (these wait: -w, $SVWAIT or 7 s)
          force-stop force-reload force-restart force-shutdown (and KILL when the time is over)

exit codes: the number of services that did not get there, at most 99; 100 usage

examples: sv status /run/sunup/scan/*
          sv -w 30 restart sshd
";
const USAGE: &str = "usage: sv [-v] [-w sec] command service ...\n";
/// How long a command waits; `SVWAIT` and -w replace it.
const SECONDS: u64 = 7;
/// Where services are looked for; `SVDIR` replaces it.
const SERVICES: &str = "/run/sunup/scan";

/// What was asked for.
struct Asked {
    verb: Verb,
    limit: Duration,
    services: Vec<String>,
}

fn main() -> ExitCode {
    let words = command_line::words();
    if let Some(answered) = command_line::answer("sv", HELP, &words) {
        return answered;
    }
    let Some(asked) = parse(words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(100);
    };
    let told: Vec<(&String, Told)> = asked.services.iter().map(|name| (name, begin(&asked, name))).collect();
    let failed = told.into_iter().filter(|(name, told)| match told {
        Told::Done(well) => !well,
        Told::Waits(service, letters, kills) => !conclude(name, service, service.wait(letters, asked.limit), *kills),
    });
    ExitCode::from(u8::try_from(failed.count()).unwrap_or(99).min(99))
}

/// What became of a command for one service. All services are told first, then waited for one by one.
enum Told {
    /// It is over; true if it went well. What there was to say has been said.
    Done(bool),
    /// The outcome of these letters is awaited, with KILL if they do not get there.
    Waits(Service, &'static str, bool),
}

fn parse(words: Vec<OsString>) -> Option<Asked> {
    let mut words = words.into_iter().map(|word| word.to_string_lossy().into_owned()).peekable();
    let given = std::env::var("SVWAIT").ok().and_then(|text| text.parse().ok());
    let (mut verbose, mut limit) = (false, given.unwrap_or(SECONDS));
    while let Some(option) = words.next_if(|word| word.starts_with('-') && word.len() > 1) {
        match option.as_str() {
            "-v" => verbose = true,
            "-w" => (verbose, limit) = (true, words.next()?.parse().ok()?),
            attached => (verbose, limit) = (true, attached.strip_prefix("-w")?.parse().ok()?),
        }
    }
    let verb = Verb::from_word(&words.next()?, verbose)?;
    let services: Vec<String> = words.collect();
    (!services.is_empty()).then_some(Asked { verb, limit: Duration::from_secs(limit), services })
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
        Verb::Status => Told::Done(show(name, &service)),
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
    let sent = if letters == "x" && record.family != Family::Runit { "dx" } else { letters };
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

/// `sv status`: the service's line, and its logger's.
fn show(name: &str, service: &Service) -> bool {
    let record = match service.look() {
        Seen::Running(record) => record,
        Seen::NotRunning => return not_running(name, ""),
        Seen::Unable(what, errno) => return warn(name, what, errno),
    };
    let mut text = describe(name, service, &record);
    let logger = Service::new(service.directory().join(service::LOG));
    if let Seen::Running(record) = logger.look() {
        text += &format!("; {}", describe("log", &logger, &record));
    }
    println!("{text}");
    true
}

fn describe(name: &str, service: &Service, record: &Record) -> String {
    let normally_up = !service.directory().join(service::DOWN).exists();
    line(name, record, normally_up, seconds(SystemTime::now()))
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

/// A service that is wanted up, or was told to go down, is not told again.
fn is_wanted_already(record: &Record, letters: &str) -> bool {
    match (letters, record.status.want) {
        ("u", supervisor::status::Want::Up) => true,
        ("d", supervisor::status::Want::Down) => record.status.got_term || !record.is_running(),
        _ => false,
    }
}

/// A path stays what it is; a name is looked for below SVDIR.
fn place(name: &str) -> PathBuf {
    if name.starts_with(['/', '.']) || name.ends_with('/') {
        return name.into();
    }
    std::env::var_os("SVDIR").map_or_else(|| SERVICES.into(), PathBuf::from).join(name)
}
