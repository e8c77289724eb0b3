//! Where one-shots' output is forwarded: whole lines, never interleaved, and never waited for.
//!
//! A reader that takes no more (a logger on a full disk) must not hold up the boot: lines wait here, up to a bound, beyond
//! which the keeper reads no further output, so that only who talks has to wait.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::libc::{O_NOCTTY, O_NONBLOCK};

/// Bytes that wait here before no more output is read.
const BOUND: usize = 1 << 16;
/// Bytes of one write: what a pipe takes whole, or not at all.
const ATOMIC: usize = 4096;

/// The way out.
#[derive(Debug)]
pub(super) struct Outlet {
    file: File,
    waiting: Vec<u8>,
}

impl Outlet {
    /// The way out through a standard descriptor, whose other holders keep it as it is: it is opened once more. What cannot be
    /// opened again (a socket) is written to as it is.
    pub fn through(descriptor: OwnedFd, number: u32) -> Self {
        let path = format!("/proc/self/fd/{number}");
        let again = OpenOptions::new().append(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path);
        Self { file: again.unwrap_or_else(|_| File::from(descriptor)), waiting: Vec::new() }
    }

    /// Puts a unit's line behind the others.
    pub fn push(&mut self, unit: &str, line: &str) {
        let _ = writeln!(self.waiting, "{unit}: {line}");
    }

    /// No more output is to be read for now.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BOUND
    }

    /// Everything was written.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes what is taken, in whole lines. An outlet that is broken loses it all.
    pub fn flush(&mut self) {
        let mut written = 0;
        while written < self.waiting.len() {
            let rest = &self.waiting[written..];
            let window = &rest[..rest.len().min(ATOMIC)];
            // A line is at most 1000 bytes and a name.
            let size = window.iter().rposition(|byte| *byte == b'\n').map_or(window.len(), |at| at + 1);
            match self.file.write(&window[..size]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => written = self.waiting.len(),
            }
        }
        self.waiting.drain(..written);
    }
}

impl AsFd for Outlet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
