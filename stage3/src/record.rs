//! The record of the stop in wtmp, from which `last -x` knows when the machine went down.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use supervisor::login::{Kind, WTMP, of_machine};
use supervisor::paths;

/// Writes it, unless whoever asked for the stop wanted none.
pub fn of_stop(run: &Path) {
    if fs::remove_file(run.join(paths::run::NO_RECORD)).is_err() {
        let _ = write(Path::new(WTMP));
    }
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
