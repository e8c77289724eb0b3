//! The FIFOs of a service directory, as a client opens them.
//!
//! Nothing here waits: they are opened without blocking, and ENXIO means that nobody reads.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::os::fd::OwnedFd;
use std::path::Path;
use supervisor::paths::service;

/// Opens a FIFO for writing without blocking, relative to a service directory.
pub fn open_fifo(directory: &Path, name: &str) -> Result<OwnedFd, Errno> {
    open(&directory.join(name), OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())
}

/// Opens the FIFO that a running supervise reads: ENXIO when none runs, else why that cannot be told.
///
/// s6's directories have no `ok`, so their `control` answers there. Nothing is ever written into either here; a holder
/// of the descriptor sees POLLERR when the supervise ends.
pub fn open_ok(directory: &Path) -> Result<OwnedFd, Errno> {
    match open_fifo(directory, service::OK) {
        Err(Errno::ENOENT) => match open_fifo(directory, service::CONTROL) {
            Err(Errno::ENXIO) => Err(Errno::ENXIO),
            Err(_) => Err(Errno::ENOENT),
            Ok(fifo) => Ok(fifo),
        },
        answer => answer,
    }
}
