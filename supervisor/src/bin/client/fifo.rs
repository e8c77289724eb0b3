//! The FIFOs of a service or scan directory, as a client opens them.
//!
//! Nothing here waits: they are opened without blocking, and ENXIO means that nobody reads.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens a FIFO for writing without blocking, below a service or scan directory.
pub fn open_fifo(directory: &Path, name: &str) -> Result<OwnedFd, Errno> {
    open(&directory.join(name), OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())
}
