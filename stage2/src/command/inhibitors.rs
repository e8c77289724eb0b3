//! `sunup inhibit --list`: who inhibits the stop now, named as `shutdown` names them.
//!
//! It only looks: no lock is taken that keeps anybody waiting.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use supervisor::paths::run;

use super::failure::{Failure, Outcome};
use super::{json, status};
use crate::system::places::Places;

/// What is said when nobody does.
const NOBODY: &str = "nobody inhibits the stop\n";

/// One of them.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Inhibitor {
    /// What the file holds, which `shutdown` tells those whom it refuses.
    why: String,
    /// Whose it is, if the file is called so, as `sunup inhibit` does.
    pid: Option<u32>,
    /// The command of that process.
    command: Option<String>,
    /// When the file was written, in seconds since the epoch.
    since_s: Option<u64>,
}

/// Writes one line an inhibitor: why, for how long, by which command. Exit 0.
pub fn list(places: &Places, json: bool, out: &mut dyn Write) -> Outcome {
    let all = held(&places.run.join(run::INHIBIT));
    if json {
        return json::print(&all, out);
    }
    let text = if all.is_empty() { NOBODY.to_owned() } else { table(&all, seconds(SystemTime::now())) };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn held(directory: &Path) -> Vec<Inhibitor> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut all: Vec<_> = entries.flatten().filter_map(|entry| Inhibitor::of(&entry.path())).collect();
    all.sort_by(|one, other| one.why.cmp(&other.why));
    all
}

impl Inhibitor {
    /// Opened for reading, as by stage 3: the look itself changes nothing.
    fn of(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let pid = path.file_name()?.to_str()?.parse().ok();
        Some(Self {
            why: one_line(fs::read_to_string(path).unwrap_or_default().trim()),
            pid,
            command: pid.and_then(command),
            since_s: file.metadata().and_then(|file| file.modified()).ok().and_then(seconds),
        })
    }
}

/// The words of a process's command.
fn command(pid: u32) -> Option<String> {
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words);
    let words = words.trim_end_matches('\0').replace('\0', " ");
    (!words.is_empty()).then(|| one_line(&words))
}

/// What people have written may hold anything.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn seconds(time: SystemTime) -> Option<u64> {
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn table(all: &[Inhibitor], now_s: Option<u64>) -> String {
    let width = all.iter().map(|one| one.why.chars().count()).max().unwrap_or(0);
    let line = |one: &Inhibitor| {
        // Who set the clock back in between knows no age.
        let seconds = now_s.zip(one.since_s).and_then(|(now, since)| now.checked_sub(since));
        let age = seconds.map(|seconds| status::age(seconds.saturating_mul(1_000_000_000))).unwrap_or_default();
        let line = format!("{:width$}  {age:>7}  {}", one.why, one.command.as_deref().unwrap_or_default());
        line.trim_end().to_owned() + "\n"
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file counts while somebody has it locked; what is known of who that is depends on its name.
    #[test]
    fn locks_count() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(held(&directory.path().join("absent")), []);
        let (pid, since) = (std::process::id(), UNIX_EPOCH + std::time::Duration::from_secs(4711));
        let locks =
            [("vi", "edit\u{1b}\n"), (&pid.to_string(), "upgrade (pid 7)\n"), ("8", "over\n")].map(|(name, text)| {
                let path = directory.path().join(name);
                fs::write(&path, text).unwrap();
                let file = File::options().write(true).open(path).unwrap();
                file.set_modified(since).unwrap();
                file.lock().unwrap();
                file
            });
        locks[2].unlock().unwrap();
        let command = command(pid);
        assert!(command.as_ref().is_some_and(|command| !command.contains('\0')), "{command:?}");
        let expected = |why: &str, pid, command| Inhibitor { why: why.to_owned(), pid, command, since_s: Some(4711) };
        let all = [expected("edit?", None, None), expected("upgrade (pid 7)", Some(pid), command)];
        assert_eq!(held(directory.path()), all);
    }

    /// Columns; what is not known, or cannot be, is left out.
    #[test]
    fn lines() {
        let one = |why: &str, command: Option<&str>, since_s| Inhibitor {
            why: why.to_owned(),
            pid: None,
            command: command.map(str::to_owned),
            since_s,
        };
        let all = [one("edit", None, Some(300)), one("upgrade (pid 7)", Some("sunup inhibit -- true"), Some(88))];
        let expected = "edit\nupgrade (pid 7)     12 s  sunup inhibit -- true\n";
        assert_eq!(table(&all, Some(100)), expected);
        assert_eq!(table(&all[..1], None), "edit\n");
    }

    /// Nobody is said in words, and is an empty array for programs.
    #[test]
    fn nobody() {
        let directory = tempfile::tempdir().unwrap();
        let places = Places { run: directory.path().into(), ..Places::from_environment() };
        for (json, expected) in [(false, NOBODY), (true, "[]\n")] {
            let mut out = Vec::new();
            assert_eq!(list(&places, json, &mut out), Ok(0));
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
