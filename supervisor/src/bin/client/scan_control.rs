//! The control FIFO of a scanner, ours or s6's.

use super::fifo::open_fifo;
use nix::errno::Errno;
use std::path::Path;
use supervisor::paths::scan;

/// Why nothing was sent.
#[derive(Debug)]
pub enum Trouble {
    /// No scanner runs there.
    NobodyListens,
    /// It cannot be told, or not be written to.
    Failed(Errno),
}

/// What is sent for an option: s6's `h` and `i` stand for others. `None` for what no scanner knows.
pub const fn letters(option: u8) -> Option<&'static [u8]> {
    Some(match option {
        b'z' => b"z",
        b'a' => b"a",
        b'b' => b"b",
        b'h' => b"an",
        b'i' | b't' => b"t",
        b'q' => b"q",
        b'n' => b"n",
        b'N' => b"N",
        b'F' => b"F",
        b'E' => b"E",
        b'R' => b"R",
        _ => return None,
    })
}

/// Writes letters with one write. A scanner of s6 is told where none of ours has left its FIFO.
pub fn send(directory: &Path, letters: &[u8]) -> Result<(), Trouble> {
    let fifo = match open_fifo(directory, scan::CONTROL) {
        Err(Errno::ENOENT) => open_fifo(directory, scan::S6_CONTROL),
        answer => answer,
    };
    let fifo = fifo.map_err(|error| match error {
        Errno::ENXIO => Trouble::NobodyListens,
        Errno::ENOENT if directory.is_dir() => Trouble::NobodyListens,
        error => Trouble::Failed(error),
    })?;
    match nix::unistd::write(&fifo, letters) {
        Ok(written) if written == letters.len() => Ok(()),
        Ok(_) => Err(Trouble::Failed(Errno::EIO)),
        Err(error) => Err(Trouble::Failed(error)),
    }
}
