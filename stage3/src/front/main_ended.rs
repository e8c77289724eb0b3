//! `stage3 main-ended`: the `finish` of the main service, the command that a container was started for. How that ended is
//! written down for process 1 to exit with, and the system is stopped unless it is being stopped already.
//!
//! It never stops anything itself: process 1 is asked, as `poweroff` asks it, and only if it is our scanner.

use crate::verb::Verb;
use crate::{EXIT_SYSTEM, EXIT_USAGE, complain, guard};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths::run;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::process::kill;

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
    if is_stopping(directory) {
        return Ok(());
    }
    guard::owner(directory).map_err(|refusal| format!("unable to stop: {refusal}"))?;
    kill(1, Verb::Poweroff.signal()).map_err(|error| format!("unable to signal process 1: {error}"))
}

/// A stage 3 is under way. One that begins just now gets its lock.
fn is_stopping(directory: &Path) -> bool {
    let lock = File::open(directory.join(run::STAGE3_LOCK));
    lock.is_ok_and(|lock| Descriptor(lock.as_raw_fd()).is_locked() == Ok(true))
}

/// With what process 1 ends, which stands in the scan directory: as the main service has.
pub fn exit_code() -> ExitCode {
    let text = fs::read_to_string(Path::new("..").join(run::EXIT_CODE)).unwrap_or_default();
    text.trim().parse::<u8>().map_or(ExitCode::SUCCESS, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Who looks whether the system is being stopped sees a lock, and never has it: whoever takes it meanwhile gets it.
    #[test]
    fn a_look_takes_no_lock() {
        let directory = tempfile::tempdir().unwrap();
        let file = File::create(directory.path().join(run::STAGE3_LOCK)).unwrap();
        assert!(!is_stopping(directory.path()));
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    is_stopping(directory.path());
                }
            });
            let taken = (0..20_000).filter(|_| file.try_lock().is_ok() && file.unlock().is_ok()).count();
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(taken, 20_000);
        });
        Descriptor(file.as_raw_fd()).lock().unwrap();
        assert!(is_stopping(directory.path()));
        drop(file);
        assert!(!is_stopping(directory.path()));
    }

    /// supervise says 256 for a signal.
    #[test]
    fn codes() {
        assert_eq!([code_of(0, 0), code_of(7, 0), code_of(255, 0), code_of(256, 9)], [0, 7, 255, 137]);
    }
}
