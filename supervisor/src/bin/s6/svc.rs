//! s6-svc: commands for one supervise, and waiting for what becomes of them.

use super::{say, svwait};
use crate::client::announces::announces_readiness;
use crate::client::goal::Goal;
use crate::client::{fifo, getopt, signal_letter::signal_letter};
use nix::errno::Errno;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use supervisor::paths::service;

/// Its name.
pub const NAME: &str = "s6-svc";
/// The most commands at once.
const MOST: usize = 63;
const USAGE: &str = "[ -wu | -wU | -wd | -wD | -wr | -wR ] [ -T timeout ] [ -s signal | -abqhkti12pcy ] \
    [ -roduDUxOQ ] servicedir";

/// What was asked for.
#[derive(Default)]
struct Asked {
    letters: Vec<u8>,
    goal: Option<Goal>,
    milliseconds: u32,
}

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((given, rest)) = getopt::split(b"abqhkti12pcyroduDUxOQs:T:w:", arguments) else {
        return say::usage(NAME, USAGE);
    };
    let mut asked = Asked::default();
    for (letter, argument) in given {
        if let Err(code) = asked.take(letter, argument) {
            return code;
        }
    }
    let Some((directory, others)) = rest.split_first() else { return say::usage(NAME, USAGE) };
    if !others.is_empty() {
        say::warn(NAME, OsStr::new(""), "ignoring extra arguments");
    }
    match asked.goal.map(|goal| without_readiness(goal, directory)) {
        None => send(directory, &asked.letters).unwrap_or_else(|code| code),
        Some(goal) => wait(&asked, goal, directory),
    }
}

impl Asked {
    /// Takes an option; the error is the exit code of what was said.
    fn take(&mut self, letter: u8, argument: &OsStr) -> Result<(), i32> {
        let usage = || say::usage(NAME, USAGE);
        match letter {
            b'T' => self.milliseconds = getopt::number(argument).ok_or_else(usage)?,
            b'w' => {
                let letter = argument.as_encoded_bytes().first();
                self.goal = Some(letter.and_then(|letter| Goal::from_letter(*letter)).ok_or_else(usage)?);
            }
            b's' => {
                let name = argument.to_string_lossy();
                let letter =
                    signal_letter(&name).ok_or_else(|| say::fatal(100, NAME, "invalid signal: ", argument, ""))?;
                self.letters.push(letter);
            }
            _ => self.letters.push(letter),
        }
        match self.letters.len() {
            0..=MOST => Ok(()),
            _ => Err(say::fatal(100, NAME, "too many commands", OsStr::new(""), "")),
        }
    }
}

/// Readiness of a service that does not announce it cannot be waited for: s6 takes being up for it, and says so.
fn without_readiness(goal: Goal, directory: &OsStr) -> Goal {
    let file = Path::new(directory).join(service::NOTIFICATION_FD);
    let less = match goal {
        Goal::Ready => Goal::Up,
        Goal::RestartedReady => Goal::Restarted,
        Goal::Up | Goal::Down | Goal::Finished | Goal::Restarted => return goal,
    };
    if announces_readiness(Path::new(directory)) {
        return goal;
    }
    say::warn(NAME, file.as_os_str(), " not present - ignoring request for readiness notification");
    less
}

/// Sends the commands within a watch; without commands it only waits.
fn wait(asked: &Asked, goal: Goal, directory: &OsString) -> i32 {
    let program = if asked.letters.is_empty() { svwait::NAME } else { "s6-svlisten1" };
    let wait = match svwait::watch(program, goal, std::slice::from_ref(directory)) {
        Ok(wait) => wait,
        Err(code) => return code,
    };
    if !asked.letters.is_empty()
        && let Err(code) = send(directory, &asked.letters)
    {
        return code;
    }
    svwait::conclude(program, wait, asked.milliseconds, false)
}

/// Writes the letters with one write; the error is the exit code of what was said.
fn send(directory: &OsStr, letters: &[u8]) -> Result<i32, i32> {
    let failed = |error: Errno| say::failed(111, NAME, "unable to control ", directory, error);
    let supervise = Path::new(directory).join(service::SUPERVISE);
    match fifo::open_fifo(Path::new(directory), service::CONTROL) {
        Ok(fifo) => nix::unistd::write(&fifo, letters).map(|_| 0).map_err(failed),
        Err(Errno::ENXIO) => Err(not_listening(directory)),
        Err(Errno::ENOENT) if supervise.is_dir() => {
            let text = format!("/{} directory: {}", service::SUPERVISE, say::cause(Errno::ENOENT));
            Err(say::fatal(100, NAME, "something is wrong with the ", directory, &text))
        }
        Err(Errno::ENOENT) if Path::new(directory).is_dir() => Err(not_listening(directory)),
        Err(error) => Err(failed(error)),
    }
}

fn not_listening(directory: &OsStr) -> i32 {
    say::fatal(100, NAME, "unable to control ", directory, ": supervisor not listening")
}
