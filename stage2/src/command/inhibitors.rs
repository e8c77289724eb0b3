//! `sunup inhibit --list`: who inhibits the stop now, named as `shutdown` names them.
//!
//! It never says that nobody does when it cannot see whether somebody does.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use supervisor::line::Clean;
use supervisor::paths::run;

use super::failure::{Failure, Outcome};
use super::{json, status};
use crate::system::places::Places;

/// Characters of a reason and of a command that a line shows at most.
const SHOWN: usize = 80;
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
    let all = held(&places.run.join(run::INHIBIT))?;
    if json {
        return json::print(&all, out);
    }
    let text = if all.is_empty() { NOBODY.to_owned() } else { table(&all, seconds(SystemTime::now())) };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn held(directory: &Path) -> Result<Vec<Inhibitor>, Failure> {
    let unable = |path: &Path, error| Failure::unable(format_args!("read '{}'", path.display()), error);
    let mut all = Vec::new();
    for entry in there(fs::read_dir(directory)).map_err(|error| unable(directory, error))?.into_iter().flatten() {
        let path = entry.map_err(|error| unable(directory, error))?.path();
        all.extend(Inhibitor::of(&path).map_err(|error| unable(&path, error))?);
    }
    all.sort_by(|one, other| one.why.cmp(&other.why));
    Ok(all)
}

/// Nothing if there is no such file, as before anybody has inhibited anything, and once somebody has ended.
fn there<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

impl Inhibitor {
    /// Opened for reading, as by stage 3: the look itself changes nothing. The kernel says who has flock's lock only by refusing
    /// it: a free one is ours, shared, until the file is closed.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let Some(file) = there(File::open(path))? else { return Ok(None) };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => return Ok(None),
        }
        let pid = path.file_name().and_then(|name| name.to_str()?.parse().ok());
        Ok(Some(Self {
            why: Clean(io::read_to_string(&file).unwrap_or_default().trim()).to_string(),
            pid,
            command: pid.and_then(command),
            since_s: file.metadata().and_then(|file| file.modified()).ok().and_then(seconds),
        }))
    }
}

/// The words of a process's command.
fn command(pid: u32) -> Option<String> {
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words);
    let words = words.trim_end_matches('\0').replace('\0', " ");
    (!words.is_empty()).then(|| Clean(&words).to_string())
}

fn seconds(time: SystemTime) -> Option<u64> {
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn table(all: &[Inhibitor], now_s: Option<u64>) -> String {
    let width = all.iter().map(|one| one.why.chars().count()).max().unwrap_or(0).min(SHOWN);
    let line = |one: &Inhibitor| {
        // Who set the clock back in between knows no age.
        let seconds = now_s.zip(one.since_s).and_then(|(now, since)| now.checked_sub(since));
        let age = seconds.map(|seconds| status::age(seconds.saturating_mul(1_000_000_000))).unwrap_or_default();
        let command = one.command.as_deref().unwrap_or_default();
        let line = format!("{:width$.SHOWN$}  {age:>7}  {command:.SHOWN$}", one.why);
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
        assert_eq!(held(&directory.path().join("absent")), Ok(Vec::new()));
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
        assert_eq!(held(directory.path()), Ok(all.into()));
    }

    /// What cannot be read may inhibit the stop.
    #[test]
    fn unreadable() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        let refusal = |path: &Path, cause| Err(Failure::unable(format_args!("read '{}'", path.display()), cause));
        fs::write(&file, "").unwrap();
        assert_eq!(held(&file), refusal(&file, "Not a directory (os error 20)"));
        std::os::unix::fs::symlink("link", &link).unwrap();
        assert_eq!(held(directory.path()), refusal(&link, "Too many levels of symbolic links (os error 40)"));
    }

    /// Columns of which none is wider than a terminal; what is not known, or cannot be, is left out.
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
        let (long, shown) = ("x".repeat(4000), "x".repeat(80));
        assert_eq!(table(&[one(&long, Some(&long), Some(88))], Some(100)), format!("{shown}     12 s  {shown}\n"));
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
