//! Who is waited for, as the operator sees it: pid, command, state, what it sleeps in, what it holds.

use crate::filesystems::holders;
use crate::processes::{self, Process};
use std::path::Path;

/// Open files that are named; the others are only counted.
const FILES: usize = 3;

/// Somebody who keeps the stop waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// The unit's or service's name, if it is one's.
    pub name: Option<String>,
    /// The process, if there is one.
    pub pid: Option<u32>,
}

impl Waited {
    /// A process that belongs to no service any more.
    pub fn process(pid: u32) -> Self {
        Self { name: None, pid: Some(pid) }
    }

    /// A service, and its process if it has one.
    pub fn service(name: impl Into<String>, pid: Option<u32>) -> Self {
        Self { name: Some(name.into()), pid: pid.filter(|pid| *pid != 0) }
    }

    /// The line for it; `None`: it has just ended. `run` is the run directory.
    pub fn describe(&self, run: &Path) -> Option<String> {
        let living = self.pid.and_then(Process::of).filter(|process| !process.zombie);
        let seen = living.map(|process| sight(&process, run));
        match (&self.name, seen) {
            (Some(name), Some(seen)) => Some(format!("{name}: {seen}")),
            (Some(name), None) => Some(name.clone()),
            (None, seen) => seen,
        }
    }
}

fn sight(process: &Process, run: &Path) -> String {
    let pid = process.pid;
    let place = processes::waits_in(pid);
    let place = if place.is_empty() { place } else { format!(" in {place}") };
    let held = holders::mounts_of(pid, run);
    let held = if held.is_empty() { String::new() } else { format!(", holds: {}", listed(&held, held.len())) };
    format!("pid {pid}, {}, state {}{place}{}{held}", processes::command(pid), process.state, files(pid))
}

fn files(pid: u32) -> String {
    let files: Vec<_> = processes::open_files(pid).iter().map(|file| file.display().to_string()).collect();
    match files.len() {
        0 => String::new(),
        all if all <= FILES => format!(", open: {}", listed(&files, FILES)),
        all => format!(", open: {} and {} more", listed(&files, FILES), all - FILES),
    }
}

fn listed(names: &[String], count: usize) -> String {
    names.iter().take(count).map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process is told with its state and files; one that is gone is not told, but its service is.
    #[test]
    fn tells_who() {
        let directory = tempfile::tempdir().unwrap();
        let open: Vec<_> =
            (1..=9).map(|n| std::fs::File::create(directory.path().join(n.to_string())).unwrap()).collect();
        let own = std::process::id();
        let seen = Waited::service("me", Some(own)).describe(Path::new("/run")).unwrap();
        assert!(seen.starts_with(&format!("me: pid {own}, ")), "{seen}");
        assert!(seen.contains(", state "), "{seen}");
        assert!(seen.contains(", open: ") && seen.contains(" more"), "{seen}");
        drop(open);
        assert_eq!(Waited::process(u32::MAX).describe(Path::new("/run")), None);
        assert_eq!(Waited::service("gone", Some(u32::MAX)).describe(Path::new("/run")), Some("gone".into()));
        assert_eq!(Waited::service("none", Some(0)).pid, None);
    }
}
