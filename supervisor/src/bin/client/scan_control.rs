//! The control FIFO of a scanner, ours or s6's.

use super::fifo::open_fifo;
use nix::errno::Errno;
use std::path::Path;
use supervisor::paths::scan;

/// Where s6's scanner listens.
const S6_CONTROL: &str = ".s6-svscan/control";

/// Why nothing was sent.
#[derive(Debug)]
pub enum Trouble {
    /// No scanner runs there.
    NobodyListens,
    /// It cannot be told, or not be written to.
    Failed(Errno),
}

/// What a letter of the command line is on the way: two of s6's stand for others.
pub const fn letters(letter: u8) -> &'static [u8] {
    match letter {
        b'z' => b"z",
        b'a' => b"a",
        b'b' => b"b",
        b'h' => b"an",
        b'i' | b't' => b"t",
        b'q' => b"q",
        b'n' => b"n",
        b'N' => b"N",
        _ => b"",
    }
}

/// Writes letters with one write.
pub fn send(directory: &Path, letters: &[u8]) -> Result<(), Trouble> {
    let fifo = match open_fifo(directory, scan::CONTROL) {
        Err(Errno::ENOENT) => open_fifo(directory, S6_CONTROL),
        answer => answer,
    };
    let fifo = fifo.map_err(|error| match error {
        Errno::ENXIO => Trouble::NobodyListens,
        Errno::ENOENT if directory.is_dir() => Trouble::NobodyListens,
        error => Trouble::Failed(error),
    })?;
    nix::unistd::write(&fifo, letters).map(drop).map_err(Trouble::Failed)
}
