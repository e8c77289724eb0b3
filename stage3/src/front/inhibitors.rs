//! Inhibitors: whoever is in the middle of something (an upgrade of packages) locks a file in `RUN/inhibit`.
//!
//! They keep people from stopping the machine by a command, never the machine itself from being stopped: Ctrl-Alt-Del, a
//! failing power supply and `-f` heed none.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use supervisor::line::Clean;
use supervisor::paths::run;

/// What the files say that somebody holds, in order: the reason of each.
pub fn held(run: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(run.join(run::INHIBIT)) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut reasons: Vec<_> = paths
        .filter(|path| is_held(path))
        .map(|path| Clean(fs::read_to_string(path).unwrap_or_default().trim()).to_string())
        .collect();
    reasons.sort();
    reasons
}

/// Opened for reading, so that the look itself is no change. The kernel says who has flock's lock only by refusing it: a free one
/// is ours, shared, until the file is closed.
fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file counts as long as somebody has it locked.
    #[test]
    fn locks_count() {
        let directory = tempfile::tempdir().unwrap();
        assert!(held(directory.path()).is_empty());
        let path = directory.path().join(run::INHIBIT).join("7");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "upgrade (pid 7)\n").unwrap();
        assert!(held(directory.path()).is_empty());
        let lock = File::open(&path).unwrap();
        lock.lock().unwrap();
        assert_eq!(held(directory.path()), ["upgrade (pid 7)"]);
        drop(lock);
        assert!(held(directory.path()).is_empty());
    }
}
