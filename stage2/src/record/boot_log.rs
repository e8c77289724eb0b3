//! `RUN/boot.log`: the console's lines without colour, each after the time; those of one turn of the engine are appended
//! with one write.

use std::io;
use std::path::Path;

use supervisor::line::Stamp;

use super::line_file::LineFile;
use crate::system::clock::monotonic;

/// The open log.
#[derive(Debug)]
pub struct BootLog(LineFile);

impl BootLog {
    /// Opens the log for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        LineFile::open(path).map(Self)
    }

    /// Has one line appended with the next write, given without its newline, after the time of now.
    pub fn queue(&mut self, line: &str) {
        self.0.queue(&format!("{}{line}", Stamp(monotonic())));
    }

    /// Appends what waits. Nothing can be done about a full disk here.
    pub fn flush(&mut self) {
        self.0.flush();
    }
}
