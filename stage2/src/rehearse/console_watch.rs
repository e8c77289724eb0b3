//! Watches a sandbox: copies its console out, and the keys and the size of the terminal in front in; notices the end of
//! the boot and the end of process 1.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ChildStdout;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::console::{Console, MARK};
use super::protocol::Said;
use super::terminal::Terminal;

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
    terminal: Option<Terminal>,
    inside: BufReader<ChildStdout>,
    inotify: Inotify,
    signals: SignalFd,
    requests: Option<PathBuf>,
    is_watching: bool,
    last_line: Vec<u8>,
    line: Vec<u8>,
    /// The cursor is at the beginning of what `line` holds: what comes now is written over it.
    has_returned: bool,
}

impl ConsoleWatch {
    /// Watches this console and this inside; the console is as large as the terminal in front, if there is one, and gets
    /// what is typed there.
    pub fn new(console: Console, terminal: Option<Terminal>, inside: BufReader<ChildStdout>) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let set = super::INTERRUPTIONS.into_iter().chain([Signal::SIGWINCH]).collect::<SigSet>();
        set.thread_block()?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let watch = Self {
            console,
            terminal,
            inside,
            inotify,
            signals,
            requests: None,
            is_watching: false,
            last_line: vec![],
            line: vec![],
            has_returned: false,
        };
        // No change of the size from now on is missed.
        watch.resize();
        Ok(watch)
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
                self.copy_rest(out)?;
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
    fn wait(&mut self, left: Duration) -> Result<[bool; 2], String> {
        let mut watched = vec![
            PollFd::new(self.console.master.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.inside.get_ref().as_fd(), PollFlags::POLLIN),
            PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        watched.extend(self.terminal.as_ref().map(|terminal| PollFd::new(terminal.as_fd(), PollFlags::POLLIN)));
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut watched, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(format!("unable to wait for the sandbox: {}", error.desc())),
        }
        let _ = self.inotify.read_events();
        let is_ready = |entry: &PollFd<'_>| entry.revents().is_some_and(|events| !events.is_empty());
        let has = |at: usize| watched.get(at).is_some_and(is_ready);
        let (ready, is_signalled, is_typed) = ([has(0), has(1)], has(3), has(4));
        if is_typed {
            self.type_in();
        }
        if is_signalled && self.is_interrupted() { Err("interrupted".to_owned()) } else { Ok(ready) }
    }

    /// Looks at the signals that have come: whether one ends the rehearsal.
    fn is_interrupted(&mut self) -> bool {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo != Signal::SIGWINCH as u32 {
                return true;
            }
            self.resize();
        }
        false
    }

    /// Has the console be as large as the terminal in front, where there is one.
    fn resize(&self) {
        if let Some(size) = self.terminal.as_ref().and_then(Terminal::size) {
            self.console.resize(size);
        }
    }

    /// Gives the console what was typed. One that takes no more loses it, as a machine's does.
    fn type_in(&mut self) {
        match self.terminal.as_mut().map(Terminal::read_typed) {
            Some(Ok(typed)) => drop(self.console.master.write(&typed)),
            Some(Err(_)) => self.terminal = None,
            None => {}
        }
    }

    /// Copies everything that is on the console by now.
    fn copy_rest(&mut self, out: &mut dyn Write) -> Result<(), String> {
        let mut is_marked = false;
        loop {
            is_marked = is_marked || self.console.mark().map_err(|e| format!("unable to write to the console: {e}"))?;
            if self.wait(Duration::MAX)?[0] && self.copy(out)? {
                return Ok(());
            }
        }
    }

    /// Copies what is there. Answers whether the mark was among it.
    fn copy(&mut self, out: &mut dyn Write) -> Result<bool, String> {
        let mut buffer = [0; 4096];
        let size = match self.console.master.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            size => size.map_err(|e| format!("unable to read the console: {e}"))?,
        };
        let (marks, text): (Vec<u8>, Vec<u8>) =
            buffer.get(..size).unwrap_or_default().iter().partition(|byte| **byte == MARK);
        text.iter().for_each(|byte| self.take_in(*byte));
        out.write_all(&text).and_then(|()| out.flush()).map_err(|e| format!("unable to write: {e}"))?;
        Ok(!marks.is_empty())
    }

    /// Keeps the last line, as it stands there after all that was drawn over it.
    fn take_in(&mut self, byte: u8) {
        if self.has_returned && byte != b'\n' {
            self.line.clear();
        }
        self.has_returned = byte == b'\r';
        match byte {
            b'\n' if self.line.iter().all(u8::is_ascii_whitespace) => self.line.clear(),
            b'\n' => self.last_line = std::mem::take(&mut self.line),
            byte => self.line.push(byte),
        }
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
