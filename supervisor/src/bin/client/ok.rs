//! Whether a supervise runs, as its `ok` FIFO tells.

use super::fifo::open_fifo;
use nix::errno::Errno;
use std::os::fd::OwnedFd;
use std::path::Path;
use supervisor::paths::service;

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
