//! `RUN/boot.log`: the console's lines without colour, each after the time, appended with one write a line.

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

    /// Appends one line, given without its newline. Nothing can be done about a full disk here.
    pub fn append(&mut self, line: &str) {
        self.0.append(&format!("{}{line}", Stamp(monotonic())));
    }
}
