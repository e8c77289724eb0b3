//! `sunup inhibit -- command`: while the command runs nobody stops the machine by a command.
//!
//! The lock on the file in `RUN/inhibit` is ours and not the command's: whatever the command leaves in the background
//! inhibits nothing, and the kernel releases it whatever becomes of us.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use supervisor::paths::run;

use super::failure::{Failure, Outcome};
use crate::system::places::Places;

/// Exit codes of shells: the command cannot be executed, and there is none.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
/// What is added to the number of the signal that ended the command.
const BY_SIGNAL: i32 = 128;

/// Runs the command.
pub fn run(places: &Places, why: Option<&str>, command: &[OsString]) -> Outcome {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::usage("say what to run"));
    };
    let reason = why.map_or_else(|| program.to_string_lossy().into_owned(), str::to_owned);
    let inhibitor = Inhibitor::take(&places.run.join(run::INHIBIT), &reason)
        .map_err(|error| Failure::unable("inhibit the stop", error))?;
    let ended = Command::new(program).args(arguments).status();
    drop(inhibitor);
    match ended {
        Ok(status) => Ok(code(status)),
        Err(error) => {
            let message = format!("unable to run '{}': {error}", program.display());
            let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            Err(Failure { message, code })
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// A locked file, removed when dropped.
struct Inhibitor {
    path: PathBuf,
    _lock: File,
}

impl Inhibitor {
    /// Whatever the umask, everybody may see it: who could not would take the stop for free.
    fn take(directory: &Path, reason: &str) -> io::Result<Self> {
        if !directory.is_dir() {
            fs::create_dir_all(directory)?;
            fs::set_permissions(directory, Permissions::from_mode(0o755))?;
        }
        let pid = std::process::id();
        let path = directory.join(pid.to_string());
        let _ = fs::remove_file(&path);
        let mut file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.lock()?;
        writeln!(file, "{reason} (pid {pid})")?;
        Ok(Self { path, _lock: file })
    }
}

impl Drop for Inhibitor {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command finds the stop inhibited, its code is ours, and nothing is left.
    #[test]
    fn while_it_runs() {
        let directory = tempfile::tempdir().unwrap();
        let places = Places { run: directory.path().into(), ..Places::from_environment() };
        let inhibit = directory.path().join(run::INHIBIT);
        let script = "cd \"$0\" && grep -q '^upgrade (pid ' * && ! flock -n $(echo *) true && exit 7";
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let command = words(&["sh", "-c", script, inhibit.to_str().unwrap()]);
        assert_eq!(run(&places, Some("upgrade"), &command), Ok(7));
        assert_eq!(fs::read_dir(&inhibit).unwrap().count(), 0);
        assert_eq!(run(&places, None, &words(&["sh", "-c", "kill -KILL $$"])), Ok(137));
        let failure = run(&places, None, &words(&["/no/such"])).unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (127, "unable to run '/no/such': No such file or directory (os error 2)")
        );
    }
}
