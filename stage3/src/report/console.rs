//! The console: whole lines, coloured on terminals.
//!
//! A console must never hold up the stop: it is opened without blocking, and one that takes no more (a serial line with
//! flow control, a terminal that nobody reads) loses lines after one bounded wait.

use nix::libc::{O_APPEND, O_NOCTTY, O_NONBLOCK};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use supervisor::line::Line;

/// How long a full console may hold us up, once; while it takes nothing no further line waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// The open console.
#[derive(Debug)]
pub struct Console {
    device: File,
    colour: bool,
    /// It did not take the last line.
    stuck: Cell<bool>,
}

impl Console {
    /// Opens it. `None`: there is none.
    pub fn open(path: &Path) -> Option<Self> {
        let flags = O_NONBLOCK | O_NOCTTY | O_APPEND;
        let device = OpenOptions::new().write(true).custom_flags(flags).open(path).ok()?;
        let variable = |name| std::env::var_os(name);
        let colour = wants_colour(device.is_terminal(), variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
        Some(Self { device, colour, stuck: Cell::new(false) })
    }

    /// The open device, to become a standard descriptor.
    pub fn device(&self) -> &File {
        &self.device
    }

    /// A line with a mark.
    pub fn line(&self, line: &Line<'_>) {
        if self.colour { self.put(&format!("{line:#}")) } else { self.put(&line.to_string()) }
    }

    /// A line, which must hold no control characters. What is not taken in time is lost.
    pub fn put(&self, line: &str) {
        self.put_waiting(line, |time| self.is_ready_within(time));
    }

    /// `wait`: until it takes something, for at most so long.
    fn put_waiting(&self, line: &str, wait: impl FnMut(Duration) -> bool) {
        let was_stuck = self.stuck.get();
        // What was lost may have ended in the middle of a line.
        let text = format!("{}{line}\n", if was_stuck { "\n" } else { "" });
        let patience = if was_stuck { Duration::ZERO } else { PATIENCE };
        self.stuck.set(!self.write(text.as_bytes(), patience, wait));
    }

    /// False: it was not taken whole.
    fn write(&self, mut rest: &[u8], patience: Duration, mut wait: impl FnMut(Duration) -> bool) -> bool {
        let start = Instant::now();
        let mut device = &self.device;
        while !rest.is_empty() {
            match device.write(rest) {
                Ok(0) => return false,
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let left = patience.saturating_sub(start.elapsed());
                    if left.is_zero() || !wait(left) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        true
    }

    fn is_ready_within(&self, time: Duration) -> bool {
        let mut wanted = [PollFd::new(self.device.as_fd(), PollFlags::POLLOUT)];
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
        nix::poll::poll(&mut wanted, time).is_ok_and(|ready| ready > 0)
    }
}

/// The rule of all three stages: a terminal, NO_COLOR unset or empty, TERM not dumb.
fn wants_colour(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Marks are coloured on terminals only, and not where they are unwanted.
    #[test]
    fn colours() {
        let word = |text: &'static str| Some(OsStr::new(text));
        assert!(wants_colour(true, None, None));
        assert!(wants_colour(true, word(""), word("linux")));
        assert!(!wants_colour(false, None, word("linux")));
        assert!(!wants_colour(true, word("1"), word("linux")));
        assert!(!wants_colour(true, None, word("dumb")));
    }

    /// A console that nobody reads costs one wait, not one a line; once it is read again, lines begin anew, and the next time that
    /// it is full costs one again.
    #[test]
    fn a_full_console_costs_one_wait() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("console");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut reader = OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
        let console = Console::open(&path).unwrap();
        let waits = Cell::new(0);
        let put = |line: &str| {
            console.put_waiting(line, |time| {
                waits.set(waits.get() + 1);
                assert!(time <= PATIENCE);
                false
            });
        };
        for count in 1..=2 {
            for _ in 0..2000 {
                put(&"x".repeat(100));
            }
            // None, if the time for it passed before it began.
            assert!(console.stuck.get() && waits.get() <= count, "{}", waits.get());
            let mut text = Vec::new();
            assert_eq!(reader.read_to_end(&mut text).unwrap_err().kind(), ErrorKind::WouldBlock);
            put("last");
            put("last");
            reader.read_to_end(&mut text).unwrap_err();
            assert!(text.ends_with(b"x\n\nlast\nlast\n"));
        }
    }

    /// One that takes nothing is waited for no longer than it was to be.
    #[test]
    fn a_wait_is_bounded() {
        let pty = nix::pty::openpty(None, None).unwrap();
        let console = Console::open(&nix::unistd::ttyname(&pty.slave).unwrap()).unwrap();
        assert!(console.is_ready_within(PATIENCE));
        while !console.stuck.get() {
            console.put(&"x".repeat(100));
        }
    }
}
