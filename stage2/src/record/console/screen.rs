//! The device under the console: whole lines go to it in order, and it never holds anybody up.
//!
//! One that takes no more (a serial line with flow control) is waited for once, for a moment; after that lines queue up for
//! it, up to a bound, and beyond that they are lost there, counted, and told once it takes lines again.

use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, poll};

/// How long a device that takes no more is waited for, in ms: once, until it takes something again.
const PATIENCE_MS: u16 = 100;
/// Bytes that queue up for a device that takes no more: some screens of lines.
const LONGEST_BACKLOG: usize = 1 << 14;

/// What is written to.
pub(super) trait Device: Write + AsFd {}
impl<T: Write + AsFd> Device for T {}

/// The device, and what it has not taken yet.
pub(super) struct Screen {
    device: Box<dyn Device>,
    /// Always to the end of a line, or of a change of the display.
    backlog: VecDeque<u8>,
    /// Lines that are lost there.
    lost: usize,
    /// It was waited for in vain.
    is_stuck: bool,
}

impl Screen {
    /// Nothing is written yet.
    pub fn new(device: Box<dyn Device>) -> Self {
        Self { device, backlog: VecDeque::new(), lost: 0, is_stuck: false }
    }

    /// Writes one line, given without its newline: one write a line, unless the device takes no more.
    pub fn line(&mut self, line: &str) {
        self.tell_losses();
        self.enqueue(line);
        self.flush();
    }

    /// It has taken everything: what is written now is seen now.
    pub fn is_clear(&self) -> bool {
        self.backlog.is_empty() && self.lost == 0
    }

    /// Writes bytes that are no line. Answers whether the device is well.
    pub fn draw(&mut self, bytes: &[u8]) -> bool {
        self.backlog.extend(bytes);
        self.flush()
    }

    /// The device, for questions.
    pub fn device(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }

    fn enqueue(&mut self, line: &str) {
        if self.backlog.len() + line.len() >= LONGEST_BACKLOG {
            self.lost += 1;
        } else {
            self.backlog.extend(line.bytes().chain([b'\n']));
        }
    }

    /// Says what is missing, before the next line that has room.
    fn tell_losses(&mut self) {
        self.flush();
        if self.lost > 0 && self.backlog.is_empty() {
            let lost = std::mem::take(&mut self.lost);
            self.enqueue(&format!("stage2: warning: {lost} lines are in boot.log only"));
        }
    }

    /// Writes what the device takes. Answers whether it is well: one that is not loses what it was to show.
    pub fn flush(&mut self) -> bool {
        while !self.backlog.is_empty() {
            match self.device.write(self.backlog.make_contiguous()) {
                Ok(count) if count > 0 => {
                    self.backlog.drain(..count);
                    self.is_stuck = false;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.is_stuck || !self.takes_more() {
                        self.is_stuck = true;
                        return true;
                    }
                }
                Ok(_) | Err(_) => {
                    self.backlog.clear();
                    return false;
                }
            }
        }
        self.device.flush().is_ok()
    }

    /// Whether it does within [`PATIENCE_MS`].
    fn takes_more(&self) -> bool {
        let mut wanted = [PollFd::new(self.device.as_fd(), PollFlags::POLLOUT)];
        poll(&mut wanted, PATIENCE_MS) == Ok(1)
    }
}

impl Debug for Screen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("backlog", &self.backlog.len()).field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl Drop for Screen {
    /// The last lines of an engine that goes down get one more chance.
    fn drop(&mut self) {
        self.is_stuck = false;
        self.tell_losses();
        self.flush();
    }
}
