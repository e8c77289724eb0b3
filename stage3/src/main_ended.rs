//! `stage3 main-ended`: the `finish` of the main service, the command that a container was started for. How that ended is
//! written down for process 1 to exit with, and the system is stopped unless it is being stopped already.
//!
//! It never stops anything itself: process 1 is asked, as `poweroff` asks it, and only if it is our scanner.

use crate::verb::Verb;
use crate::{EXIT_SYSTEM, EXIT_USAGE, complain, guard};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths::run;
use supervisor::sys::stop::signal;

/// What the first line of `finish` says.
pub const WORD: &str = "main-ended";
/// The service has ended for good: the answer of a `finish`.
const FOR_GOOD: u8 = 125;
/// What a process that a signal has ended exits with, less the signal's number.
const SIGNALLED: u8 = 128;

/// As supervise calls it. After the word come the file's name, exit code or 256, signal, and more.
pub fn main(arguments: &[OsString], directory: &Path) -> ExitCode {
    let word = |at: usize| arguments.get(at).and_then(|word| word.to_str());
    let numbers = word(3).and_then(|code| code.parse().ok()).zip(word(4).and_then(|signal| signal.parse().ok()));
    let Some((code, signal)) = numbers else {
        let _ = writeln!(std::io::stderr(), "usage: stage3 {WORD} FILE CODE SIGNAL");
        return ExitCode::from(EXIT_USAGE);
    };
    match note(directory, code_of(code, signal)).and_then(|()| stop(directory)) {
        Ok(()) => ExitCode::from(FOR_GOOD),
        Err(text) => {
            complain("stage3", &text);
            ExitCode::from(EXIT_SYSTEM)
        }
    }
}

/// The exit code that shells give: 128 and the signal's number for a signal.
fn code_of(code: u16, signal: u8) -> u8 {
    u8::try_from(code).unwrap_or_else(|_| SIGNALLED.saturating_add(signal))
}

fn note(directory: &Path, code: u8) -> Result<(), String> {
    let path = directory.join(run::EXIT_CODE);
    fs::write(&path, format!("{code}\n")).map_err(|error| format!("unable to write '{}': {error}", path.display()))
}

/// Asks process 1 to stop the system. A stage 3 that is under way would be hurried by that.
fn stop(directory: &Path) -> Result<(), String> {
    let lock = File::open(directory.join(run::STAGE3_LOCK));
    if lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock))) {
        return Ok(());
    }
    guard::owner(directory).map_err(|refusal| format!("unable to stop: {refusal}"))?;
    signal(1, Verb::Poweroff.signal()).map_err(|error| format!("unable to signal process 1: {error}"))
}

/// With what process 1 ends, which stands in the scan directory: as the main service has.
pub fn exit_code() -> ExitCode {
    let text = fs::read_to_string(Path::new("..").join(run::EXIT_CODE)).unwrap_or_default();
    text.trim().parse::<u8>().map_or(ExitCode::SUCCESS, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// supervise says 256 for a signal.
    #[test]
    fn codes() {
        assert_eq!([code_of(0, 0), code_of(7, 0), code_of(255, 0), code_of(256, 9)], [0, 7, 255, 137]);
    }
}
