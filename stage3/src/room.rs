//! A full run directory: what nobody needs any more makes room for what the stop needs.

use crate::stop::Stop;
use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;
use supervisor::paths::{requests, run};

/// Does the work, and once more after old answers are gone if there was no room.
pub fn beside_answers<T>(run: &Path, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    match work() {
        Err(error) if is_full(&error) => {
            remove_answers(&run.join(run::REQUESTS));
            work()
        }
        result => result,
    }
}

/// The same once nothing but us runs: states and requests mean nothing any more.
pub fn alone<T>(stop: &Stop, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    match work() {
        Err(error) if is_full(&error) => {
            let _ = fs::remove_dir_all(stop.run.join(run::REQUESTS));
            let _ = fs::remove_dir_all(stop.run.join(run::STATE));
            work()
        }
        result => result,
    }
}

/// An empty file; where there is no room for one, a file that was read long ago takes its name.
pub fn flag(run: &Path, name: &str) -> Result<()> {
    match beside_answers(run, || fs::write(run.join(name), "")) {
        Err(error) if is_full(&error) => fs::rename(run.join(run::BOOT_ID), run.join(name)),
        result => result,
    }
}

fn is_full(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::StorageFull
}

/// What the engine has said about requests that are done.
fn remove_answers(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(requests::PROGRESS) || name.ends_with(requests::DONE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers go when there is no room, requests stay.
    #[test]
    fn makes_room() {
        let run = tempfile::tempdir().unwrap();
        let requests = run.path().join("requests");
        fs::create_dir(&requests).unwrap();
        for name in ["1.done", "1.progress", "2", "3.run"] {
            fs::write(requests.join(name), "").unwrap();
        }
        let mut tries = 0;
        let result = beside_answers(run.path(), || {
            tries += 1;
            if tries == 1 { Err(ErrorKind::StorageFull.into()) } else { Ok(tries) }
        });
        assert_eq!(result.unwrap(), 2);
        let mut left: Vec<_> = fs::read_dir(&requests).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["2", "3.run"]);
    }
}
