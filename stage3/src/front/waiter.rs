//! The process that waits for a scheduled stop: it warns, closes the logins, and asks when the time has come.
//!
//! It outlives the shell that asked for it: a session of its own, beside process 1. It never decides anything: when
//! `RUN/shutdown` is no longer the file that it was started with, it ends.

use super::schedule::{self, Schedule, is_current};
use super::warnings::{NO_LOGIN, words};
use super::{Aim, inhibitors, wall};
use crate::waiting::events::Events;
use crate::{EXIT_SYSTEM, EXIT_USAGE, run_directory, stage};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use supervisor::paths;

/// The name that the program is started with.
pub const NAME: &str = "shutdown-waiter";
/// No wait is longer: whatever there is to be waited for comes as an event.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// Starts it with the schedule as standard input, from the run directory, so that it keeps no filesystem busy.
pub fn start(schedule: File, run: &Path) -> Result<(), String> {
    let program = run.join(paths::run::BIN).join("stage3");
    let started = Command::new(&program)
        .arg0(NAME)
        .env(paths::RUN_VARIABLE, run)
        .current_dir("/")
        .stdin(schedule)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.map(|_| ()).map_err(|error| format!("unable to run '{}': {error}", program.display()))
}

/// Waits, then asks.
pub fn main() -> ExitCode {
    let run = run_directory();
    let Ok(file) = std::io::stdin().as_fd().try_clone_to_owned().map(File::from) else {
        return ExitCode::from(EXIT_USAGE);
    };
    let Some(schedule) = Schedule::read(&file) else {
        return ExitCode::from(EXIT_USAGE);
    };
    stage::leave_the_caller();
    let mut events = Events::watch(&run);
    events.add_changes(&run);
    if !(count_down(&schedule, &file, &run, &mut events) && until_released(&schedule, &file, &run, &mut events)) {
        return ExitCode::SUCCESS;
    }
    let _ = fs::remove_file(run.join(paths::run::SHUTDOWN));
    match schedule.fulfil(&run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            wall::tell(&text);
            let _ = fs::remove_file(paths::NOLOGIN);
            ExitCode::from(EXIT_SYSTEM)
        }
    }
}

/// False: it was called off.
fn count_down(schedule: &Schedule, file: &File, run: &Path, events: &mut Events) -> bool {
    loop {
        let left = schedule.moment.left();
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        if schedule.aim != Aim::Rescue && seconds <= NO_LOGIN {
            schedule::refuse_logins(&announcement(schedule.aim, seconds, &schedule.message));
        }
        if seconds == 0 {
            return is_current(file, run);
        }
        let next = schedule.volume.next(seconds);
        if events.until(left.saturating_sub(Duration::from_secs(next)), || !is_current(file, run)) {
            return false;
        }
        // A clock that was set meanwhile may have brought us elsewhere.
        let is_there = schedule.moment.left() <= Duration::from_secs(next);
        if next > 0 && is_there && schedule.volume.warns(next) {
            wall::tell(&announcement(schedule.aim, next, &schedule.message));
        }
    }
}

/// When the time has come somebody may be in the middle of something. False: it was called off.
fn until_released(schedule: &Schedule, file: &File, run: &Path, events: &mut Events) -> bool {
    let held = inhibitors::held(run);
    if held.is_empty() {
        return true;
    }
    wall::tell(&format!("The system waits for {} before it goes to {}.", held.join(", "), schedule.aim.name()));
    events.add_changes(&run.join(paths::run::INHIBIT));
    while !events.until(LONG, || inhibitors::held(run).is_empty() || !is_current(file, run)) {}
    is_current(file, run)
}

/// What everyone is told.
pub fn announcement(aim: Aim, left: u64, message: &str) -> String {
    let separator = if message.is_empty() { "" } else { "\n" };
    format!("{message}{separator}The system is going down ({}) {}.", aim.name(), words(left))
}

/// Says on standard output what is to come.
pub fn confirm(schedule: &Schedule) {
    let left = schedule.moment.left().as_secs_f64().ceil() as u64;
    let text = format!("{} {}; 'shutdown -c' calls it off", schedule.aim.name(), words(left));
    let _ = writeln!(std::io::stdout(), "{text}");
}
