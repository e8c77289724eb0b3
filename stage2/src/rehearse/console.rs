//! The sandbox's console: a pseudo-terminal of which the front keeps the master.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};

/// Both ends of the terminal. The slave is kept open, so that the master never hangs up between two openings.
#[derive(Debug)]
pub struct Console {
    /// What the front reads.
    pub master: File,
    /// The name that is bound to /dev/console.
    pub slave_path: PathBuf,
    _slave: File,
}

impl Console {
    /// Makes a terminal that passes bytes on as they are and that everyone in the sandbox may open.
    pub fn make() -> Result<Self, String> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).map_err(unable)?;
        grantpt(&master).map_err(unable)?;
        unlockpt(&master).map_err(unable)?;
        let slave_path: PathBuf = OsString::from(ptsname_r(&master).map_err(unable)?).into();
        let slave = File::options()
            .read(true)
            .write(true)
            .open(&slave_path)
            .map_err(|e| format!("{unable_text}: {e}", unable_text = UNABLE))?;
        slave.set_permissions(std::fs::Permissions::from_mode(0o666)).map_err(|e| format!("{UNABLE}: {e}"))?;
        let mut mode = tcgetattr(slave.as_fd()).map_err(unable)?;
        mode.output_flags.remove(OutputFlags::OPOST);
        tcsetattr(slave.as_fd(), SetArg::TCSANOW, &mode).map_err(unable)?;
        let fd: OwnedFd = master.into();
        Ok(Self { master: File::from(fd), slave_path, _slave: slave })
    }
}

const UNABLE: &str = "unable to make a console";

fn unable(error: nix::Error) -> String {
    format!("{UNABLE}: {}", error.desc())
}
