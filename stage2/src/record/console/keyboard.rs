//! Keys that an operator presses while the boot waits.
//!
//! Only a key that comes alone counts: neither what an arrow key sends, nor what somebody pastes or types ahead.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// What the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Esc: more, or less, about what is waited for.
    Details,
    /// s: the unit that is waited for longest is given up.
    Skip,
    /// r: the rescue bundle, now.
    Rescue,
}

impl Key {
    /// The key that these bytes are, if they are one.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1b] => Some(Self::Details),
            [b's' | b'S'] => Some(Self::Skip),
            [b'r' | b'R'] => Some(Self::Rescue),
            _ => None,
        }
    }
}

/// The terminal, which gives each key at once and shows none. Dropping it puts the terminal back.
#[derive(Debug)]
pub struct Keyboard {
    terminal: File,
    before: Termios,
}

impl Keyboard {
    /// Takes the terminal; an error for what is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let terminal = options.read(true).write(true).custom_flags(O_NOCTTY | O_NONBLOCK).open(path)?;
        let cooked = LocalFlags::ICANON | LocalFlags::ECHO;
        let mut before = tcgetattr(&terminal)?;
        let mut now = before.clone();
        now.local_flags.remove(cooked);
        tcsetattr(&terminal, SetArg::TCSANOW, &now)?;
        // An engine that was killed has left it as we have it now.
        before.local_flags.insert(cooked);
        Ok(Self { terminal, before })
    }

    /// The key that was pressed, if one was. An error: there is no terminal any more.
    pub fn read(&mut self) -> io::Result<Option<Key>> {
        self.read_typed().map(|typed| Key::of(&typed))
    }

    /// Whatever was typed: nothing, perhaps. An error: there is no terminal any more.
    pub fn read_typed(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 64];
        match self.terminal.read(&mut bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes.truncate(count);
                Ok(bytes)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Keyboard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One key alone counts.
    #[test]
    fn keys() {
        let keys = [&b"\x1b"[..], b"s", b"R", b"\x1b[A", b"root\n", b"x"].map(Key::of);
        assert_eq!(keys, [Some(Key::Details), Some(Key::Skip), Some(Key::Rescue), None, None, None]);
    }
}
