//! `shutdown`, `halt`, `poweroff`, `reboot`: they ask process 1, now or later, and return at once.
//!
//! sysvinit's options are understood. One that asks for nothing here (putting disks to sleep) is accepted. On a machine
//! that another init runs nothing happens at all.

mod allow;
mod check;
mod inhibitors;
mod local_time;
pub mod main_ended;
pub mod runlevel;
mod schedule;
mod shutdown;
mod verbs;
pub mod waiter;
mod wall;
mod warnings;
mod when;

use crate::report::wtmp;
use crate::verb::Verb;
use crate::{EXIT_NO, EXIT_SYSTEM, EXIT_USAGE, complain, guard, heir, run_directory, stage};
use check::Check;
use clap::{Arg, ArgAction, ArgMatches, Command};
use nix::libc::O_NONBLOCK;
use schedule::{Moment, Schedule};
use shutdown::{shutdown_command, shutdown_wish};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use supervisor::sys::process::kill;
use supervisor::{login, paths};
use verbs::{verb_command, verb_wish};
use waiter::announcement;
use warnings::Volume;
use when::When;

/// What becomes of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// It stops.
    Stop(Verb),
    /// Everything but the bundle `rescue` stops.
    Rescue,
}

impl Aim {
    /// The word in messages and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop(verb) => verb.name(),
            Self::Rescue => "rescue",
        }
    }

    /// The reverse.
    pub fn from_name(name: &str) -> Option<Self> {
        Verb::from_name(name).map(Self::Stop).or_else(|| (name == Self::Rescue.name()).then_some(Self::Rescue))
    }
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Stop the system in order.
    Stop { verb: Verb, record: bool, inhibitors: bool, needs_kernel: bool },
    /// Skip everything but, unless told otherwise, a sync.
    AtOnce { verb: Verb, sync: bool },
    /// Only write the record of a stop.
    Record,
    /// At some time, with warnings.
    Shutdown {
        aim: Aim,
        when: When,
        message: String,
        volume: Volume,
        only_warn: bool,
        check_allowed: bool,
        check: Check,
    },
    /// Call off what is to come.
    Cancel { message: String },
}

/// Why a wish is not fulfilled.
enum Refusal {
    /// A documented "no".
    No(String),
    /// The system's.
    System(String),
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::System(text)
    }
}

/// Parses and asks.
pub fn main(name: &str, arguments: Vec<OsString>) -> ExitCode {
    let wish = match Verb::from_name(name) {
        Some(verb) => parse(name, verb_command(verb), arguments).map(|matches| verb_wish(verb, &matches)),
        None => parse(name, shutdown_command(), arguments).map(|matches| shutdown_wish(&matches)),
    };
    let (text, code) = match wish {
        Err(code) => return code,
        Ok(Err(text)) => (text, EXIT_USAGE),
        Ok(Ok(wish)) => match fulfil(wish, &run_directory()) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(Refusal::No(text)) => (text, EXIT_NO),
            Err(Refusal::System(text)) => (text, EXIT_SYSTEM),
        },
    };
    complain(name, &text);
    ExitCode::from(code)
}

/// What is not understood is told in our form; else it is the help that was asked for.
fn parse(name: &str, command: Command, arguments: Vec<OsString>) -> Result<ArgMatches, ExitCode> {
    command.try_get_matches_from(arguments).map_err(|error| {
        match error.to_string().strip_prefix("error: ") {
            Some(text) => complain(name, text.trim_end()),
            None => drop(error.print()),
        }
        if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
    })
}

fn flag(name: &'static str, short: char, help: &'static str) -> Arg {
    Arg::new(name).short(short).action(ArgAction::SetTrue).help(help)
}

/// `-h` is sysvinit's, so help has its long form only.
fn command(name: &'static str, about: &'static str) -> Command {
    let help = Arg::new("help").long("help").action(ArgAction::Help).help("Print help");
    Command::new(name).about(about).version(env!("CARGO_PKG_VERSION")).disable_help_flag(true).arg(help)
}

fn fulfil(wish: Wish, run: &Path) -> Result<(), Refusal> {
    match wish {
        Wish::Record => wtmp::write(Path::new(login::WTMP))
            .map_err(|error| Refusal::System(format!("unable to write '{}': {error}", login::WTMP))),
        Wish::AtOnce { verb, sync } => {
            let permit =
                guard::permit_at_once(run).map_err(|refusal| format!("unable to {}: {refusal}", verb.name()))?;
            Err(stage::at_once(verb, sync, &permit).into())
        }
        Wish::Stop { verb, record, inhibitors, needs_kernel } => {
            check_owner(run, verb.name())?;
            heir::check(verb, run)?;
            if needs_kernel && !crate::verb::kernel_is_loaded(Path::new("/sys")) {
                return Err(Refusal::No("no kernel is loaded: see kexec(8)".into()));
            }
            if inhibitors {
                heed_inhibitors(run, "--ignore-inhibitors goes on all the same")?;
            }
            if !record {
                let _ = fs::write(run.join(paths::run::NO_RECORD), "");
            }
            Ok(fulfil_aim(Aim::Stop(verb), "", run)?)
        }
        Wish::Cancel { message } => {
            check_owner(run, "call a shutdown off")?;
            if !schedule::cancel(run) {
                return Err(Refusal::No("nothing is scheduled".into()));
            }
            let separator = if message.is_empty() { "" } else { "\n" };
            wall::tell(&format!("{message}{separator}The shutdown is called off."));
            Ok(())
        }
        Wish::Shutdown { .. } => shutdown(wish, run),
    }
}

fn check_owner(run: &Path, what: &str) -> Result<(), String> {
    guard::owner(run).map(|_| ()).map_err(|refusal| format!("unable to {what}: {refusal}"))
}

fn heed_inhibitors(run: &Path, otherwise: &str) -> Result<(), Refusal> {
    let held = inhibitors::held(run);
    if held.is_empty() { Ok(()) } else { Err(Refusal::No(format!("inhibited by {}; {otherwise}", held.join(", ")))) }
}

/// Warns, and stops the system now or has it waited for.
fn shutdown(wish: Wish, run: &Path) -> Result<(), Refusal> {
    let Wish::Shutdown { aim, when, message, volume, only_warn, check_allowed, check } = wish else {
        return Ok(());
    };
    check_owner(run, aim.name())?;
    if check_allowed {
        allow::check().map_err(Refusal::No)?;
    }
    let schedule = Schedule { aim, moment: moment(when), volume, check, message };
    let left = schedule.moment.left().as_secs();
    if only_warn {
        wall::tell(&announcement(aim, left, &schedule.message));
        return Ok(());
    }
    schedule::cancel(run);
    if left == 0 {
        heed_inhibitors(run, "'poweroff --ignore-inhibitors' goes on all the same, '+1' waits")?;
        return Ok(schedule.fulfil(run)?);
    }
    let file = schedule.write(run)?;
    if let Err(error) = waiter::start(file, run) {
        schedule::cancel(run);
        return Err(error.into());
    }
    if volume != Volume::Silent {
        wall::tell(&announcement(aim, left, &schedule.message));
    }
    waiter::confirm(&schedule);
    Ok(())
}

/// A length of time counts from now on, whatever the clock on the wall is set to.
fn moment(when: When) -> Moment {
    match when {
        When::In(minutes) => Moment::SinceBoot(schedule::since_boot().as_secs().saturating_add(minutes * 60)),
        When::At(_) => Moment::OfDay(local_time::seconds(when)),
    }
}

/// Tells everyone that it is now, and does it.
pub fn fulfil_aim(aim: Aim, message: &str, run: &Path) -> Result<(), String> {
    check_owner(run, aim.name())?;
    wall::tell(&announcement(aim, 0, message));
    let Aim::Stop(verb) = aim else { return to_rescue() };
    if let Some(first) = under_way(run).filter(|first| *first != verb) {
        let text = format!("{}: warning: {} goes on, only faster", verb.name(), first.name());
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    ask(verb, run)
}

/// What the system is being stopped for, if it is. Nothing is locked here, or a stage 3 that starts now would yield to us.
fn under_way(run: &Path) -> Option<Verb> {
    Verb::from_name(fs::read_to_string(run.join(paths::run::STAGE3_LOCK)).ok()?.trim())
}

/// The engine does it; the operator's command knows how to ask.
fn to_rescue() -> Result<(), String> {
    let started = std::process::Command::new("sunup").args(["switch", "rescue"]).stdin(Stdio::null()).status();
    match started {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("'sunup switch rescue' ended with {status}")),
        Err(error) => Err(format!("unable to run 'sunup': {error}")),
    }
}

/// Process 1 is asked when it has a handler; another scanner has none, so stage 3 is started here.
fn ask(verb: Verb, run: &Path) -> Result<(), String> {
    let scan = run.join(paths::run::SCAN);
    let handler = scan.join(format!("{}{}", paths::scan::HANDLER, verb.handler()));
    let control = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(scan.join(paths::scan::CONTROL));
    if control.is_ok() && handler.exists() {
        return kill(1, verb.signal()).map_err(|error| format!("unable to ask process 1: {error}"));
    }
    let program = run.join(paths::run::BIN).join("stage3");
    let started = std::process::Command::new(&program)
        .arg0("stage3")
        .arg(verb.name())
        .env(paths::RUN_VARIABLE, run)
        .current_dir("/")
        .stdin(Stdio::null())
        .spawn();
    started.map(|_| ()).map_err(|error| format!("unable to run '{}': {error}", program.display()))
}

#[cfg(test)]
mod tests;
