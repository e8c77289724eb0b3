//! The FIFOs of a service or scan directory, as a client opens them.
//!
//! Nothing here waits: they are opened without blocking, and ENXIO means that nobody reads. What somebody has put into a FIFO's
//! place is not written to.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens a FIFO for writing without blocking, below a service or scan directory; ENOSTR: it is none.
pub fn open_fifo(directory: &Path, name: &str) -> Result<OwnedFd, Errno> {
    let fifo = open(&directory.join(name), OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())?;
    match SFlag::from_bits_truncate(fstat(&fifo)?.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFIFO => Ok(fifo),
        _ => Err(Errno::ENOSTR),
    }
}
