//! The lock of a file, which a program is to hold for as long as it runs.

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::CStr;

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To open the file.
    Open,
    /// To lock it.
    Lock,
}

/// Opens and locks a file; the error says which of the two failed.
pub fn lock(file: &CStr, waits: bool) -> Result<Flock<std::fs::File>, (Step, Errno)> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_APPEND | OFlag::O_CREAT;
    let mut opened = open(file, flags, Mode::from_bits_truncate(0o600))
        .map(std::fs::File::from)
        .map_err(|error| (Step::Open, error))?;
    let how = if waits { FlockArg::LockExclusive } else { FlockArg::LockExclusiveNonblock };
    loop {
        match Flock::lock(opened, how) {
            Ok(lock) => return Ok(lock),
            Err((again, Errno::EINTR)) => opened = again,
            Err((_, error)) => return Err((Step::Lock, error)),
        }
    }
}
