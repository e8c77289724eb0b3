//! `RUN/requests`: requests are files `ID`; the engine takes one by renaming it to `ID.run`, tells of its progress in
//! `ID.progress`, and answers with `ID.done`. So a request survives the engine, whenever it dies.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::{O_NOCTTY, O_NOFOLLOW, O_NONBLOCK};
use supervisor::paths::requests::{BOOT, DONE, PROGRESS, RUNNING, STOP};

use crate::request::{Answer, Request};
use crate::system::replace::{remove, replace};

/// Answers that are kept, so that an asker that was away finds its own.
const ANSWERS_KEPT: usize = 32;
/// The largest request, in bytes: thousands of names.
const LONGEST_REQUEST: u64 = 1 << 20;

/// The directory of requests.
#[derive(Clone, Debug)]
pub struct RequestQueue {
    directory: PathBuf,
}

/// A request that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its ID.
    pub id: String,
    /// A predecessor of this engine has taken it already.
    pub was_running: bool,
    /// The request, or why it is none.
    pub request: Result<Request, String>,
}

impl RequestQueue {
    /// Opens the queue, making its directory if need be.
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The next request: the stop before all others, then what a dead engine left, then the boot, then by age.
    pub fn next(&self) -> Option<Waiting> {
        let (id, was_running) = self
            .pending()
            .into_iter()
            .min_by_key(|(id, was_running)| (id != STOP, !was_running, id != BOOT, id.clone()))?;
        let suffix = if was_running { RUNNING } else { "" };
        let request = match read(&self.file(&id, suffix)) {
            Ok(text) => Request::parse(&text),
            Err(error) => Err(format!("unable to read the request: {error}")),
        };
        Some(Waiting { id, was_running, request })
    }

    /// True when the stop waits to be taken.
    pub fn has_stop(&self) -> bool {
        self.file(STOP, "").exists()
    }

    /// True once a stop was taken: nothing else is done any more.
    pub fn is_stopping(&self) -> bool {
        ["", RUNNING, DONE].iter().any(|suffix| self.file(STOP, suffix).exists())
    }

    /// Takes a request: from now on a successor continues it.
    pub fn take(&self, id: &str) -> io::Result<()> {
        fs::rename(self.file(id, ""), self.file(id, RUNNING))
    }

    /// Where the progress of a request is told.
    pub fn progress(&self, id: &str) -> PathBuf {
        self.file(id, PROGRESS)
    }

    /// Answers a request, taken or not, and forgets the oldest answers.
    ///
    /// A request whose answer cannot be written, on a full disk, is removed all the same: kept, it would be done over and
    /// over. Only when it cannot be removed either, this is an error.
    pub fn answer(&self, id: &str, answer: &Answer) -> io::Result<()> {
        self.forget_old_answers();
        let mut text = serde_json::to_vec(answer)?;
        text.push(b'\n');
        let written = replace(&self.file(id, DONE), &text, 0o644);
        if let Err(error) = written {
            // Not `eprintln!`, which panics where standard error takes nothing.
            let _ = writeln!(io::stderr(), "stage2: error: unable to answer {id}: {error}");
        }
        remove(&self.file(id, RUNNING))?;
        remove(&self.file(id, ""))
    }

    fn file(&self, id: &str, suffix: &str) -> PathBuf {
        self.directory.join(format!("{id}{suffix}"))
    }

    /// Names of what may be requests and answers. A directory is neither, and could not be removed either.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let entries = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| !name.starts_with('.')).collect()
    }

    /// IDs that are not answered yet, each with whether it is running.
    fn pending(&self) -> Vec<(String, bool)> {
        let ended = |name: &str| name.ends_with(PROGRESS) || name.ends_with(DONE);
        let names = self.names().into_iter().filter(|name| !ended(name));
        let pending = names.map(|name| match name.strip_suffix(RUNNING) {
            Some(id) => (id.to_owned(), true),
            None => (name, false),
        });
        // An answered one is left over from an engine that died before it could remove it.
        pending.filter(|(id, was_running)| !was_running || !self.file(id, DONE).exists()).collect()
    }

    fn forget_old_answers(&self) {
        let kept_for_ever = [BOOT, STOP];
        let mut done: Vec<_> =
            self.names().into_iter().filter_map(|n| n.strip_suffix(DONE).map(str::to_owned)).collect();
        done.retain(|id| !kept_for_ever.contains(&id.as_str()));
        done.sort();
        // One more is about to come.
        let surplus = (done.len() + 1).saturating_sub(ANSWERS_KEPT);
        for id in &done[..surplus] {
            let _ = remove(&self.file(id, DONE));
            let _ = remove(&self.file(id, PROGRESS));
        }
    }
}

/// Reads a request. Whatever it is instead of a file, it must not hold up those behind it: a FIFO, a device, or more
/// than anybody asks for.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOFOLLOW | O_NOCTTY).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > LONGEST_REQUEST {
        return Err(io::Error::other("it is no file of a request's size"));
    }
    let mut text = Vec::new();
    file.take(LONGEST_REQUEST).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Verb;
    use nix::sys::stat::Mode;
    use std::collections::BTreeMap;

    fn queue(directory: &tempfile::TempDir) -> RequestQueue {
        RequestQueue::open(directory.path().join("requests")).unwrap()
    }

    fn put(queue: &RequestQueue, name: &str, text: &str) {
        fs::write(queue.directory().join(name), text).unwrap();
    }

    const START: &str = r#"{"v":1,"verb":"start","units":["a"]}"#;

    /// The stop comes first, then what was taken, then the boot, then by age.
    #[test]
    fn order() {
        let directory = tempfile::tempdir().unwrap();
        let queue = queue(&directory);
        for name in ["2-1", "1-1", "boot", "3-1.run", "stop"] {
            put(&queue, name, START);
        }
        let mut seen = Vec::new();
        while let Some(waiting) = queue.next() {
            assert_eq!(waiting.request.unwrap().verb, Verb::Start);
            queue.answer(&waiting.id, &Answer::finished(true, BTreeMap::new())).unwrap();
            seen.push(waiting.id);
        }
        assert_eq!(seen, ["stop", "3-1", "boot", "1-1", "2-1"]);
    }

    /// Whatever lies in the directory, it does not block, is refused or ignored, and what is behind it is served.
    #[test]
    fn garbage() {
        let directory = tempfile::tempdir().unwrap();
        let queue = queue(&directory);
        nix::unistd::mkfifo(&queue.directory().join("0-fifo"), Mode::S_IRWXU).unwrap();
        fs::create_dir(queue.directory().join("0-directory")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", queue.directory().join("0-link")).unwrap();
        put(&queue, "0-big", &"x".repeat(2_000_000));
        put(&queue, &"0".repeat(250), "");
        put(&queue, "0-\u{1b}[2J", "{");
        put(&queue, "1-1", START);
        let mut served = 0;
        for _ in 0..100 {
            let Some(waiting) = queue.next() else { break };
            served += usize::from(waiting.request.is_ok());
            queue.answer(&waiting.id, &Answer::refused("no")).unwrap();
        }
        assert_eq!((queue.next(), served), (None, 1));
    }

    /// Thirty-two answers are kept, and those of the boot and the stop besides.
    #[test]
    fn old_answers() {
        let directory = tempfile::tempdir().unwrap();
        let queue = queue(&directory);
        let ids = (0..40).map(|number| format!("{number:02}-1"));
        for id in std::iter::once("boot".to_owned()).chain(ids) {
            queue.answer(&id, &Answer::refused("no")).unwrap();
        }
        let mut names = queue.names();
        names.sort();
        assert_eq!((names.len(), names[0].as_str(), names[32].as_str()), (33, "08-1.done", "boot.done"));
    }
}
