//! The console, as stage 1 writes to it: whole lines, coloured on terminals.
//!
//! It must never stop the boot. Opening waits for no carrier and takes no controlling terminal; writing waits a moment,
//! and once a console has taken nothing for that long, no longer until it takes something again.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout};

/// Where it is.
const DEVICE: &str = "/dev/console";
/// How long a console that takes nothing may hold us up, in ms.
const PATIENCE_MS: u16 = 200;

/// A console that is open.
#[derive(Debug)]
pub struct Console {
    file: File,
    colour: bool,
    /// It has taken nothing lately, and is not waited for.
    is_stuck: bool,
}

impl Console {
    /// /dev/console.
    pub fn open() -> Option<Self> {
        let flags = OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        Some(Self::of(OpenOptions::new().append(true).custom_flags(flags.bits()).open(DEVICE).ok()?))
    }

    /// /dev/console, or what we were started with as standard error.
    pub fn open_or_inherit() -> Option<Self> {
        Self::open().or_else(|| Some(Self::of(std::io::stderr().as_fd().try_clone_to_owned().ok()?.into())))
    }

    fn of(file: File) -> Self {
        let colour = wants_colour(file.is_terminal(), env::var_os("NO_COLOR"), env::var_os("TERM"));
        Self { file, colour, is_stuck: false }
    }

    /// Writes a line: the coloured form, if there is one, where colour is wanted.
    pub fn line(&mut self, plain: &str, coloured: Option<&str>) {
        let text = coloured.filter(|_| self.colour).unwrap_or(plain);
        self.write(format!("{text}\r\n").as_bytes());
    }

    /// Writes as much as the console takes. What we inherited may block, and its flags may be shared with whoever
    /// started us: they are changed for this moment only.
    pub fn write(&mut self, bytes: &[u8]) {
        let flags = fcntl(self.file.as_fd(), FcntlArg::F_GETFL).map(OFlag::from_bits_retain);
        let blocking = flags.ok().filter(|flags| !flags.contains(OFlag::O_NONBLOCK));
        if let Some(flags) = blocking
            && fcntl(self.file.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).is_err()
        {
            return;
        }
        self.is_stuck = !self.write_patiently(bytes);
        if let Some(flags) = blocking {
            let _ = fcntl(self.file.as_fd(), FcntlArg::F_SETFL(flags));
        }
    }

    /// False where the console has taken nothing for [`PATIENCE_MS`].
    fn write_patiently(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return true,
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let mut wait = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
                    let patience = if self.is_stuck { PollTimeout::ZERO } else { PollTimeout::from(PATIENCE_MS) };
                    if nix::poll::poll(&mut wait, patience) != Ok(1) {
                        return false;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return true,
            }
        }
        true
    }
}

/// A terminal for a shell: descriptors 0 to 2, which block, and a session leader's controlling terminal.
pub fn terminal() -> Option<[File; 3]> {
    // Without O_NONBLOCK the opening itself would wait for a serial line's carrier.
    let flags = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(DEVICE).ok()?;
    let flags = fcntl(file.as_fd(), FcntlArg::F_GETFL).map(OFlag::from_bits_retain).ok()?;
    fcntl(file.as_fd(), FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK)).ok()?;
    Some([file.try_clone().ok()?, file.try_clone().ok()?, file])
}

/// Whether marks are coloured on what is (or is not) a terminal.
fn wants_colour(is_terminal: bool, no_color: Option<OsString>, term: Option<OsString>) -> bool {
    is_terminal && no_color.is_none_or(|value| value.is_empty()) && term.is_none_or(|term| term != OsStr::new("dumb"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::mpsc;
    use std::time::Duration;

    use nix::pty::openpty;

    use super::*;

    /// The same rule as the engine's console.
    #[test]
    fn colour() {
        let wants = |terminal, no_color: Option<&str>, term: Option<&str>| {
            wants_colour(terminal, no_color.map(OsString::from), term.map(OsString::from))
        };
        assert!(wants(true, None, None) && wants(true, Some(""), Some("linux")));
        assert!(!wants(false, None, Some("linux")));
        assert!(!wants(true, Some("1"), Some("linux")) && !wants(true, None, Some("dumb")));
    }

    /// A console that nobody reads, inherited and so one that blocks, costs lines and a moment, but not the boot; and
    /// it is left as it was.
    #[test]
    fn stuck() {
        let pty = openpty(None, None).unwrap();
        let console = File::from(pty.slave);
        let twin = console.try_clone().unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut console = Console::of(console);
            for _ in 0..10_000 {
                console.line("nobody reads this, and the terminal's buffer holds a few thousand bytes", None);
            }
            sender.send(console.is_stuck)
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)), Ok(true));
        let flags = OFlag::from_bits_retain(fcntl(twin.as_fd(), FcntlArg::F_GETFL).unwrap());
        assert!(!flags.contains(OFlag::O_NONBLOCK));
        let mut bytes = [0; 6];
        File::from(pty.master).read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"nobody");
    }
}
