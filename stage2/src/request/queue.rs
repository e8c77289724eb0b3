//! `RUN/requests`: requests are files `ID`; the engine takes one by renaming it to `ID.run`, tells of its progress in
//! `ID.progress`, and answers with `ID.done`. So a request survives the engine, whenever it dies.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use supervisor::paths::requests::{BOOT, DONE, PROGRESS, RUNNING, STOP};

use crate::request::{Answer, Request};
use crate::system::replace::{remove, replace};

/// Answers that are kept, so that an asker that was away finds its own.
const ANSWERS_KEPT: usize = 32;

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
        let request = match fs::read(self.file(&id, suffix)) {
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
    pub fn answer(&self, id: &str, answer: &Answer) -> io::Result<()> {
        let mut text = serde_json::to_vec(answer)?;
        text.push(b'\n');
        replace(&self.file(id, DONE), &text, 0o644)?;
        remove(&self.file(id, RUNNING))?;
        remove(&self.file(id, ""))?;
        self.forget_old_answers();
        Ok(())
    }

    fn file(&self, id: &str, suffix: &str) -> PathBuf {
        self.directory.join(format!("{id}{suffix}"))
    }

    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
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
        let surplus = done.len().saturating_sub(ANSWERS_KEPT);
        for id in &done[..surplus] {
            let _ = remove(&self.file(id, DONE));
            let _ = remove(&self.file(id, PROGRESS));
        }
    }
}
