//! Standard input as lines, and the signals between them.
//!
//! A line that has been read is never dropped: after TERM what is in the buffer is handed out, and a line that has begun is
//! read to its end, byte by byte, so that what follows stays in the pipe for the next logger.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const CHUNK: usize = 8192;
/// How long the end of a line that has begun is waited for after TERM.
const PATIENCE: Duration = Duration::from_secs(2);

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A line without its newline.
    Line(Vec<u8>),
    /// Everything that was read has been handed out: time to flush.
    Pause,
    /// ALRM.
    Rotate,
    /// HUP.
    Reload,
    /// The end of the input, or TERM.
    End,
}

/// What signals mean to a logger.
pub struct Manner {
    /// TERM ends it; otherwise only the end of the input, or HUP where that does not reload.
    pub heeds_term: bool,
    /// HUP reloads; otherwise it ends.
    pub hup_reloads: bool,
    /// Lines of more bytes are broken.
    pub longest: usize,
}

/// Standard input and signals.
pub struct Source {
    manner: Manner,
    signals: SignalFd,
    input: io::Stdin,
    bytes: Vec<u8>,
    /// Nothing but the rest of a line is read any more, until then.
    leaves: Option<Instant>,
    ended: bool,
    /// Something was handed out after the last [`Event::Pause`].
    busy: bool,
}

impl Source {
    /// Takes over the signals of this process.
    pub fn new(manner: Manner) -> io::Result<Self> {
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGHUP, Signal::SIGALRM]);
        mask.thread_block()?;
        // Who reads our output may go; a logger goes on.
        SigSet::from(Signal::SIGPIPE).thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let (bytes, input) = (Vec::new(), io::stdin());
        Ok(Self { manner, signals, input, bytes, leaves: None, ended: false, busy: false })
    }

    /// Waits for the next event, at most until a time, which is a [`Event::Pause`].
    pub fn next(&mut self, until: Option<Instant>) -> io::Result<Event> {
        loop {
            if let Some(line) = self.line() {
                self.busy = true;
                return Ok(Event::Line(line));
            }
            if self.ended || self.leaves.is_some() && self.bytes.is_empty() {
                return Ok(Event::End);
            }
            if std::mem::take(&mut self.busy) {
                return Ok(Event::Pause);
            }
            if let Some(event) = self.wait(until)? {
                return Ok(event);
            }
        }
    }

    /// The first whole line of the buffer; at the end, what is left is one.
    fn line(&mut self) -> Option<Vec<u8>> {
        let found = self.bytes.iter().position(|byte| *byte == b'\n');
        let end = match found {
            Some(at) if at <= self.manner.longest => at,
            None if self.bytes.len() <= self.manner.longest => {
                return (self.ended && !self.bytes.is_empty()).then(|| std::mem::take(&mut self.bytes));
            }
            _ => self.manner.longest,
        };
        let rest = self.bytes.split_off(end + usize::from(found == Some(end)));
        let mut line = std::mem::replace(&mut self.bytes, rest);
        line.truncate(end);
        Some(line)
    }

    /// Waits and reads.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<Option<Event>> {
        let limit = self.leaves.into_iter().chain(until).min();
        let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            self.ended |= self.leaves.is_some_and(|leaves| leaves <= Instant::now());
            return Ok(Some(Event::Pause));
        }
        let left = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let mut watched = [self.signals.as_fd(), self.input.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut watched, left) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [signalled, readable] = watched.map(|watched| watched.any().unwrap_or(false));
        if signalled && let Some(event) = self.heed()? {
            return Ok(Some(event));
        }
        if readable && !(self.leaves.is_some() && self.bytes.is_empty()) {
            self.read()?;
        }
        Ok(None)
    }

    /// Takes a signal.
    fn heed(&mut self) -> io::Result<Option<Event>> {
        let Some(signal) = self.signals.read_signal()? else { return Ok(None) };
        let leaves = match Signal::try_from(signal.ssi_signo.cast_signed()) {
            Ok(Signal::SIGALRM) => return Ok(Some(Event::Rotate)),
            Ok(Signal::SIGHUP) if self.manner.hup_reloads => return Ok(Some(Event::Reload)),
            Ok(Signal::SIGTERM) => self.manner.heeds_term,
            _ => true,
        };
        if leaves && self.leaves.is_none() {
            self.leaves = Some(Instant::now() + PATIENCE);
        }
        Ok(None)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        let size = if self.leaves.is_some() { 1 } else { CHUNK };
        match nix::unistd::read(descriptor(&self.input), &mut chunk[..size]) {
            Ok(0) | Err(Errno::EAGAIN) => self.ended = true,
            Ok(count) => self.bytes.extend_from_slice(&chunk[..count]),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Without the buffer of the standard library, which would hold what is the next logger's.
fn descriptor(input: &io::Stdin) -> BorrowedFd<'_> {
    input.as_fd()
}
