//! Follows one request: prints its progress as it is written and returns its answer. Waits by inotify.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde_json::Value;
use supervisor::paths::requests;
use supervisor::sys::time::monotonic;

use super::failure::Failure;
use crate::record::console::followed::Followed;
use crate::request::Request;

/// A watch on the requests and on the engine's supervise.
#[derive(Debug)]
pub struct Follow {
    inotify: Inotify,
    directory: PathBuf,
    /// Requests that we have said we wait for.
    told: BTreeSet<String>,
    /// Only lines of what has failed are printed.
    only_failures: bool,
    /// What is shown below the lines.
    shown: Option<Followed>,
}

impl Follow {
    /// Watches from now on: begin before the request is written, and nothing is missed.
    pub fn begin(directory: &Path, engine: PathBuf) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
        inotify.add_watch(directory, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_MODIFY)?;
        // The engine going down is no event of the requests' directory; a request it has not seen must up it again.
        let _ = inotify.add_watch(&engine, AddWatchFlags::IN_MOVED_TO);
        Ok(Self {
            inotify,
            directory: directory.to_path_buf(),
            told: BTreeSet::new(),
            only_failures: false,
            shown: None,
        })
    }

    /// Shows what is awaited below the lines, where there is a terminal to do so.
    pub fn showing(self, is_wanted: bool) -> Self {
        Self { shown: is_wanted.then(Followed::on_standard_output).flatten(), ..self }
    }

    /// Prints nothing but what has failed, if that is wanted.
    pub fn only_failures(self, is_wanted: bool) -> Self {
        Self { only_failures: is_wanted, ..self }
    }

    /// Prints progress lines until the answer is there; `None`: time was up. `wake` ups the engine when the request lies
    /// untaken.
    pub fn to_the_end(
        mut self,
        id: &str,
        out: &mut dyn Write,
        timeout: Option<Duration>,
        wake: impl Fn() -> Result<(), Failure>,
    ) -> Result<Option<Value>, Failure> {
        let end = timeout.map(|timeout| Instant::now() + timeout);
        let mut progress = None;
        loop {
            let answer = fs::read_to_string(self.file(id, requests::DONE));
            self.print_new_lines(id, &mut progress, out)?;
            if let Ok(text) = answer {
                self.draw(out, Followed::clear)?;
                return serde_json::from_str(&text).map(Some).map_err(|e| Failure::unable("read the answer", e));
            }
            let is_untaken = self.file(id, "").exists();
            if is_untaken {
                self.tell_who_is_first();
            }
            self.draw(out, |shown| shown.draw(monotonic()))?;
            if !self.wait(end)? {
                self.draw(out, Followed::clear)?;
                return Ok(None);
            }
            if is_untaken && self.file(id, "").exists() {
                wake()?;
            }
        }
    }

    fn file(&self, id: &str, suffix: &str) -> PathBuf {
        self.directory.join([id, suffix].concat())
    }

    /// Says for whose request ours waits, once for each.
    fn tell_who_is_first(&mut self) {
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some(other) = name.strip_suffix(requests::RUNNING) else { continue };
            let Ok(request) = fs::read(entry.path()).map_err(|e| e.to_string()).and_then(|text| Request::parse(&text))
            else {
                continue;
            };
            if self.told.insert(other.to_owned()) {
                eprintln!("sunup: waiting for request {other} {}", describe(&request));
            }
        }
    }

    /// Waits for the next event; false: time was up.
    fn wait(&self, end: Option<Instant>) -> Result<bool, Failure> {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(false);
        }
        let next = self.shown.as_ref().and_then(|shown| shown.pause(monotonic()));
        let timeout = match [left, next].into_iter().flatten().min() {
            Some(left) => PollTimeout::try_from(left.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        let mut watched = [PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)];
        match poll(&mut watched, timeout) {
            Ok(1) => {}
            Ok(_) | Err(nix::Error::EINTR) => return Ok(true),
            Err(error) => return Err(Failure::unable("wait for the engine", error.desc())),
        }
        self.inotify.read_events().map_err(|e| Failure::unable("wait for the engine", e.desc()))?;
        Ok(true)
    }

    /// Writes what changes below the lines.
    fn draw(&mut self, out: &mut dyn Write, bytes: impl FnOnce(&mut Followed) -> Vec<u8>) -> Result<(), Failure> {
        let bytes = self.shown.as_mut().map(bytes).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        out.write_all(&bytes).and_then(|()| out.flush()).map_err(|e| Failure::unable("write", e))
    }

    /// Copies the `line`s that were added since the last look. Lines are appended whole.
    fn print_new_lines(
        &mut self,
        id: &str,
        progress: &mut Option<BufReader<File>>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if progress.is_none() {
            *progress = File::open(self.file(id, requests::PROGRESS)).ok().map(BufReader::new);
        }
        let Some(reader) = progress else { return Ok(()) };
        let mut text = String::new();
        while reader.read_line(&mut text).map_err(|e| Failure::unable("read progress", e))? > 0 {
            let event: Value = serde_json::from_str(&text).unwrap_or_default();
            if let Some(shown) = &mut self.shown {
                shown.take_in(&event);
            }
            let is_told = !self.only_failures || event.get("event").is_some_and(|event| event == "failed");
            if let Some(line) = event.get("line").and_then(Value::as_str).filter(|_| is_told) {
                self.draw(out, Followed::clear)?;
                writeln!(out, "{line}").map_err(|e| Failure::unable("write", e))?;
            }
            text.clear();
        }
        Ok(())
    }
}

/// `of uid 0: restart nginx`.
fn describe(request: &Request) -> String {
    let who = request.uid.map_or_else(|| "of the system".to_owned(), |uid| format!("of uid {uid}"));
    format!("{who}: {} {}", request.verb.name(), request.names().join(" ")).trim_end().to_owned()
}
