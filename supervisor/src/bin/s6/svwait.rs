//! s6-svwait: waits for states of services. A time that is over is 99.

use super::say;
use crate::client::getopt;
use crate::client::goal::Goal;
use crate::client::wait::{TIMED_OUT, Wait};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// Its name.
pub const NAME: &str = "s6-svwait";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let usage = || say::usage(NAME, "[ -U | -u | -d | -D | -r | -R ] [ -a | -o ] [ -t timeout ] servicedir...");
    let Some((given, directories)) = getopt::split(b"UudDrRaot:", arguments) else { return usage() };
    let (mut goal, mut any, mut milliseconds) = (Goal::Up, false, 0);
    for (letter, argument) in given {
        match (letter, Goal::from_letter(letter)) {
            (b'a' | b'o', _) => any = letter == b'o',
            (b't', _) => match getopt::number(argument) {
                Some(number) => milliseconds = number,
                None => return usage(),
            },
            (_, found) => goal = found.unwrap_or(goal),
        }
    }
    if directories.is_empty() {
        return usage();
    }
    let wait = match watch(NAME, goal, directories) {
        Ok(wait) => wait,
        Err(code) => return code,
    };
    conclude(NAME, wait, milliseconds, any)
}

/// Prepares to wait for services that are supervised; the error is the exit code of what was said.
pub fn watch(program: &str, goal: Goal, directories: &[OsString]) -> Result<Wait, i32> {
    let mut wait =
        Wait::new(goal, true).map_err(|error| say::failed(111, program, "unable to watch", OsStr::new(""), error))?;
    for directory in directories {
        wait.add(directory.to_string_lossy().into_owned(), PathBuf::from(directory))
            .map_err(|error| say::failed(111, program, "unable to subscribe to events for ", directory, error))?;
    }
    Ok(wait)
}

/// Waits, 0 ms for ever; gives the exit code.
pub fn conclude(program: &str, wait: Wait, milliseconds: u32, any: bool) -> i32 {
    let limit = (milliseconds != 0).then(|| Duration::from_millis(milliseconds.into()));
    match wait.run(limit, any) {
        Ok(missing) => match missing.first() {
            None => 0,
            Some((_, reason)) if *reason == TIMED_OUT => say::fatal(99, program, TIMED_OUT, OsStr::new(""), ""),
            Some(_) => say::fatal(1, program, "some services reported permanent failure", OsStr::new(""), ""),
        },
        Err(error) => say::failed(111, program, "unable to wait", OsStr::new(""), error),
    }
}
