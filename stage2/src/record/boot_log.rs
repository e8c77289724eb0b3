//! `RUN/boot.log`: the console's lines without colour, each after the time, appended with one write a line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use supervisor::line::Stamp;

use crate::system::clock::monotonic;

/// The open log.
#[derive(Debug)]
pub struct BootLog(File);

impl BootLog {
    /// Opens the log for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create(true).mode(0o644).open(path).map(Self)
    }

    /// Appends one line, given without its newline. Nothing can be done about a full disk here.
    pub fn append(&mut self, line: &str) {
        let _ = self.0.write_all(format!("{}{line}\n", Stamp(monotonic())).as_bytes());
    }
}
