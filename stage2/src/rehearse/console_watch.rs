//! Watches a sandbox: copies its console out, and notices the end of the boot and the end of process 1.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ChildStdout;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::console::Console;
use super::protocol::Said;

/// What ended a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The engine has answered the boot request.
    BootDone,
    /// The inside said so.
    Said(Said),
    /// The deadline passed.
    Late,
}

/// The watcher.
#[derive(Debug)]
pub struct ConsoleWatch {
    console: Console,
    inside: BufReader<ChildStdout>,
    inotify: Inotify,
    interruptions: SignalFd,
    requests: Option<PathBuf>,
    is_watching: bool,
    last_line: Vec<u8>,
    line: Vec<u8>,
}

impl ConsoleWatch {
    /// Watches this console and this inside.
    pub fn new(console: Console, inside: BufReader<ChildStdout>) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let signals = super::INTERRUPTIONS.into_iter().collect::<SigSet>();
        signals.thread_block()?;
        let interruptions = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            console,
            inside,
            inotify,
            interruptions,
            requests: None,
            is_watching: false,
            last_line: vec![],
            line: vec![],
        })
    }

    /// Where the boot's answer will appear: the sandbox's `RUN/requests`.
    pub fn expect_answer_in(&mut self, requests: PathBuf) {
        self.requests = Some(requests);
    }

    /// The last line that was not empty, without colours' control characters.
    pub fn last_line(&self) -> String {
        String::from_utf8_lossy(&self.last_line).trim().to_owned()
    }

    /// Copies the console to `out` until something is seen, `limit` at most.
    pub fn watch(&mut self, out: &mut dyn Write, limit: Duration, for_boot: bool) -> Result<Seen, String> {
        let deadline = Instant::now() + limit;
        loop {
            if for_boot && self.is_boot_done() {
                return Ok(Seen::BootDone);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Seen::Late);
            }
            let [console, inside] = self.wait(left)?;
            if console {
                self.copy(out)?;
            }
            if inside && !console {
                let mut line = String::new();
                self.inside.read_line(&mut line).map_err(|e| format!("unable to read from the inside: {e}"))?;
                return Ok(Seen::Said(Said::parse(&line)));
            }
        }
    }

    /// Waits for either; tells which of console and inside have something to read.
    fn wait(&self, left: Duration) -> Result<[bool; 2], String> {
        let mut watched = [
            PollFd::new(self.console.master.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.inside.get_ref().as_fd(), PollFlags::POLLIN),
            PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.interruptions.as_fd(), PollFlags::POLLIN),
        ];
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut watched, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(format!("unable to wait for the sandbox: {}", error.desc())),
        }
        let _ = self.inotify.read_events();
        let has = |at: usize| watched[at].revents().is_some_and(|events| !events.is_empty());
        if has(3) { Err("interrupted".to_owned()) } else { Ok([has(0), has(1)]) }
    }

    fn copy(&mut self, out: &mut dyn Write) -> Result<(), String> {
        let mut buffer = [0; 4096];
        let size = self.console.master.read(&mut buffer).map_err(|e| format!("unable to read the console: {e}"))?;
        let text = buffer.get(..size).unwrap_or_default();
        for byte in text {
            match byte {
                b'\n' if self.line.iter().all(u8::is_ascii_whitespace) => self.line.clear(),
                b'\n' => self.last_line = std::mem::take(&mut self.line),
                byte => self.line.push(*byte),
            }
        }
        out.write_all(text).and_then(|()| out.flush()).map_err(|e| format!("unable to write: {e}"))
    }

    /// Looks for the answer, and has inotify tell when the next look is worth while.
    fn is_boot_done(&mut self) -> bool {
        let Some(requests) = &self.requests else { return false };
        if !self.is_watching {
            self.is_watching = self.inotify.add_watch(requests, AddWatchFlags::IN_MOVED_TO).is_ok();
        }
        let name = [supervisor::paths::requests::BOOT, supervisor::paths::requests::DONE].concat();
        requests.join(name).exists()
    }
}
