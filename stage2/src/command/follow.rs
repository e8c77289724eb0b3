//! Follows one request: prints its progress as it is written and returns its answer. Waits by inotify.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde_json::Value;
use supervisor::paths::requests;

use super::ask::done_name;
use super::failure::Failure;

/// A watch on the requests and on the engine's supervise.
#[derive(Debug)]
pub struct Follow {
    inotify: Inotify,
    directory: PathBuf,
}

impl Follow {
    /// Watches from now on: begin before the request is written, and nothing is missed.
    pub fn begin(directory: &Path, engine: PathBuf) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
        inotify.add_watch(directory, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_MODIFY)?;
        // The engine going down is no event of the requests' directory; a request it has not seen must up it again.
        let _ = inotify.add_watch(&engine, AddWatchFlags::IN_MOVED_TO);
        Ok(Self { inotify, directory: directory.to_path_buf() })
    }

    /// Prints progress lines until the answer is there. `wake` ups the engine when the request lies untaken.
    pub fn to_the_end(
        self,
        id: &str,
        out: &mut dyn Write,
        wake: impl Fn() -> Result<(), Failure>,
    ) -> Result<Value, Failure> {
        let mut progress = None;
        loop {
            let answer = fs::read_to_string(self.directory.join(done_name(id)));
            self.print_new_lines(id, &mut progress, out)?;
            if let Ok(text) = answer {
                return serde_json::from_str(&text).map_err(|e| Failure::unable("read the answer", e));
            }
            self.wait()?;
            if self.directory.join(id).exists() {
                wake()?;
            }
        }
    }

    fn wait(&self) -> Result<(), Failure> {
        let mut watched = [PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)];
        match poll(&mut watched, PollTimeout::NONE) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(Failure::unable("wait for the engine", error.desc())),
        }
        self.inotify.read_events().map(drop).map_err(|e| Failure::unable("wait for the engine", e.desc()))
    }

    /// Copies the `line`s that were added since the last look. Lines are appended whole, in one write each.
    fn print_new_lines(
        &self,
        id: &str,
        progress: &mut Option<BufReader<File>>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if progress.is_none() {
            let name = [id, requests::PROGRESS].concat();
            *progress = File::open(self.directory.join(name)).ok().map(BufReader::new);
        }
        let Some(reader) = progress else { return Ok(()) };
        let mut text = String::new();
        while reader.read_line(&mut text).map_err(|e| Failure::unable("read progress", e))? > 0 {
            let event: Value = serde_json::from_str(&text).unwrap_or_default();
            if let Some(line) = event.get("line").and_then(Value::as_str) {
                writeln!(out, "{line}").map_err(|e| Failure::unable("write", e))?;
            }
            text.clear();
        }
        Ok(())
    }
}
