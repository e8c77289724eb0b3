//! The keyboard of the console: single keys, without an Enter, on a screen as on a serial line.
//!
//! It is opened when the stop begins, since its path is gone later, and read only while somebody is waited for: until then
//! what is typed belongs to whoever is logged in. It never becomes our controlling terminal.

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, Termios, tcflush, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IsTerminal, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::rc::Rc;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `k`: kill those who are waited for.
    Kill,
    /// `s`: wait no longer.
    Skip,
    /// `!`: a shell.
    Shell,
}

impl Key {
    const fn of(byte: u8) -> Option<Self> {
        match byte {
            b'k' | b'K' => Some(Self::Kill),
            b's' | b'S' => Some(Self::Skip),
            b'!' => Some(Self::Shell),
            _ => None,
        }
    }
}

/// The open keyboard.
#[derive(Debug)]
pub struct Keyboard {
    device: Rc<File>,
    /// How the terminal was, while we listen.
    before: Option<Termios>,
}

impl Keyboard {
    /// Opens it. `None`: there is none, or it is no terminal.
    pub fn open(path: &Path) -> Option<Self> {
        let device = OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path).ok()?;
        device.is_terminal().then(|| Self { device: Rc::new(device), before: None })
    }

    /// What to wait on.
    pub fn device(&self) -> Rc<File> {
        Rc::clone(&self.device)
    }

    /// From now on keys count, one by one. What was typed before was meant for somebody else. A terminal that somebody has
    /// changed meanwhile (it is reset when a login ends) is changed again.
    pub fn listen(&mut self) {
        let Ok(now) = tcgetattr(&self.device) else { return };
        if !now.local_flags.contains(LocalFlags::ICANON) {
            return;
        }
        if self.before.is_none() {
            let _ = tcflush(&self.device, FlushArg::TCIFLUSH);
        }
        let mut single = now.clone();
        single.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        let _ = tcsetattr(&self.device, SetArg::TCSANOW, &single);
        self.before = Some(now);
    }

    /// Leaves the terminal as it was.
    pub fn leave(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = tcsetattr(&self.device, SetArg::TCSANOW, &before);
        }
    }

    /// The next key that means something. `Err`: nobody will type there any more.
    pub fn key(&mut self) -> Result<Option<Key>, ()> {
        let mut byte = [0];
        loop {
            match (&*self.device).read(&mut byte) {
                Ok(0) => return Err(()),
                Ok(_) => {
                    if let [Some(key)] = byte.map(Key::of) {
                        return Ok(Some(key));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::poll::{PollFd, PollFlags, poll};
    use std::io::Write;
    use std::os::fd::AsFd;

    /// What was typed before is not for us; what is typed now needs no Enter; afterwards the terminal is as it was.
    #[test]
    fn single_keys() {
        let pty = nix::pty::openpty(None, None).unwrap();
        let mut master = File::from(pty.master);
        let mut keyboard = Keyboard::open(&nix::unistd::ttyname(&pty.slave).unwrap()).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        master.write_all(b"k\n").unwrap();
        keyboard.listen();
        assert_eq!(keyboard.key(), Ok(None));
        master.write_all(b"xs").unwrap();
        poll(&mut [PollFd::new(keyboard.device.as_fd(), PollFlags::POLLIN)], 60_000u16).unwrap();
        assert_eq!(keyboard.key(), Ok(Some(Key::Skip)));
        assert_eq!(keyboard.key(), Ok(None));
        keyboard.listen();
        keyboard.leave();
        assert_eq!(tcgetattr(&pty.slave).unwrap(), before);
        drop(master);
        assert_eq!(keyboard.key(), Err(()));
    }

    /// A file is no keyboard: it would be read to its end.
    #[test]
    fn only_terminals() {
        assert!(Keyboard::open(Path::new("/dev/null")).is_none());
    }
}
