//! The sandbox's console: a pseudo-terminal of which the front keeps the master.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::terminal::{self, Size};

/// What no program writes on a console: behind it on the master, everything that was written before has been read.
pub const MARK: u8 = 0;

/// Both ends of the terminal. The slave is kept open, so that the master never hangs up between two openings.
#[derive(Debug)]
pub struct Console {
    /// What the front reads.
    pub master: File,
    /// The name that is bound to /dev/console.
    pub slave_path: PathBuf,
    slave: File,
}

impl Console {
    /// Makes a terminal that passes bytes on as they are and that everyone in the sandbox may open. Nobody knows how
    /// large it is.
    pub fn make() -> Result<Self, String> {
        let OpenptyResult { master, slave } = openpty(None, None).map_err(unable)?;
        [&master, &slave].into_iter().try_for_each(close_on_exec).map_err(unable)?;
        // Nothing here may wait for the other end. The sandbox opens the name, and has flags of its own.
        for end in [&master, &slave] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(unable)?;
        }
        let slave_path = ttyname(&slave).map_err(unable)?;
        let mut mode = tcgetattr(slave.as_fd()).map_err(unable)?;
        mode.output_flags.remove(OutputFlags::OPOST);
        tcsetattr(slave.as_fd(), SetArg::TCSANOW, &mode).map_err(unable)?;
        let slave = File::from(slave);
        slave.set_permissions(std::fs::Permissions::from_mode(0o666)).map_err(|e| format!("{UNABLE}: {e}"))?;
        Ok(Self { master: File::from(master), slave_path, slave })
    }

    /// From now on it is so large: one to show a display on.
    pub fn resize(&self, size: Size) {
        // No size is refused, and a display of another size would do.
        let _ = terminal::resize(Descriptor(self.master.as_raw_fd()), size);
    }

    /// Writes [`MARK`] behind what is there. False: there is no room yet.
    pub fn mark(&mut self) -> io::Result<bool> {
        match self.slave.write(&[MARK]) {
            Ok(count) => Ok(count == 1),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn close_on_exec(descriptor: &OwnedFd) -> nix::Result<()> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map(drop)
}

const UNABLE: &str = "unable to make a console";

fn unable(error: nix::Error) -> String {
    format!("{UNABLE}: {}", error.desc())
}
