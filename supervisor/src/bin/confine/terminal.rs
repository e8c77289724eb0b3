//! The terminal that the program talks to.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, getsid, isatty, setsid};
use std::os::fd::AsRawFd;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::terminal;

use crate::failure::{Failure, errno};
use crate::wishes::Wishes;

/// Makes it the controlling terminal of a session that we lead, and descriptors 0, 1 and 2.
pub fn take(wishes: &Wishes) -> Result<(), Failure> {
    let Some(path) = &wishes.tty else { return Ok(()) };
    let failure = |error: Errno| Failure::new(format!("take the terminal {}", path.display()), error);
    lead_session().map_err(failure)?;
    // Non-blocking: on a serial line nobody waits for a carrier.
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let descriptor = open(path, flags, Mode::empty()).map_err(failure)?;
    if !isatty(&descriptor).map_err(failure)? {
        return Err(failure(Errno::ENOTTY));
    }
    fcntl(&descriptor, FcntlArg::F_SETFL(OFlag::O_RDWR)).map_err(failure)?;
    terminal::control(Descriptor(descriptor.as_raw_fd())).map_err(|error| failure(errno(error)))?;
    dup2_stdin(&descriptor).map_err(failure)?;
    dup2_stdout(&descriptor).map_err(failure)?;
    dup2_stderr(&descriptor).map_err(failure)
}

fn lead_session() -> Result<(), Errno> {
    if getsid(None)? == Pid::this() {
        return Ok(());
    }
    setsid().map(|_| ())
}
