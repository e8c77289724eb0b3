//! The record of the stop in wtmp, from which `last -x` knows when the machine went down.

use crate::waiting::bounded::within;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use supervisor::login::{Kind, WTMP, of_machine};
use supervisor::paths;

/// How long a history on a dead disk or server keeps the system from being stopped.
const LIMIT: Duration = Duration::from_secs(5);

/// Writes it, unless whoever asked for the stop wanted none.
pub fn of_stop(run: &Path) {
    if fs::remove_file(run.join(paths::run::NO_RECORD)).is_err() {
        write_within(LIMIT, Path::new(WTMP));
    }
}

/// Leaves it to itself where it hangs.
fn write_within(limit: Duration, wtmp: &Path) {
    let wtmp = wtmp.to_owned();
    within(limit, move || write(&wtmp));
}

/// Appends one record. Whoever keeps no history has no such file, and gets none.
pub fn write(wtmp: &Path) -> std::io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let record = of_machine(Kind::Shutdown, &release.unwrap_or_default(), now.as_secs(), now.subsec_micros());
    OpenOptions::new().append(true).open(wtmp)?.write_all(&record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use supervisor::login::{SIZE, is};

    /// Where the history can be opened no more, the stop goes on. (A FIFO that nobody reads hangs as a dead server does.)
    #[test]
    fn hangs() {
        let directory = tempfile::tempdir().unwrap();
        let wtmp = directory.path().join("wtmp");
        nix::unistd::mkfifo(&wtmp, nix::sys::stat::Mode::S_IRWXU).unwrap();
        write_within(Duration::from_millis(10), &wtmp);
    }

    /// A history is continued, none is begun.
    #[test]
    fn continues() {
        let directory = tempfile::tempdir().unwrap();
        let wtmp = directory.path().join("wtmp");
        assert!(write(&wtmp).is_err());
        assert!(!wtmp.exists());
        fs::write(&wtmp, [9; SIZE]).unwrap();
        write(&wtmp).unwrap();
        let bytes = fs::read(&wtmp).unwrap();
        assert_eq!(bytes.len(), 2 * SIZE);
        assert!(is(&bytes[SIZE..], Kind::Shutdown));
    }
}
