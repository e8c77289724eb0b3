//! A file that whole lines are appended to, and that a full disk never tears for longer than it is full.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;

/// The open file.
#[derive(Debug)]
pub struct LineFile {
    file: File,
    /// Lines that wait for the next write.
    waiting: String,
    /// The last line is there in part only.
    is_torn: bool,
}

impl LineFile {
    /// Opens the file, or makes it. What is no file, like a FIFO that nobody reads, is an error instead of a wait.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(0o644).custom_flags(O_NONBLOCK).open(path)?;
        Ok(Self { file, waiting: String::new(), is_torn: false })
    }

    /// Appends a line at once, given without its newline.
    pub fn append(&mut self, line: &str) {
        self.queue(line);
        self.flush();
    }

    /// Has a line appended with the next write.
    pub fn queue(&mut self, line: &str) {
        self.waiting.push_str(line);
        self.waiting.push('\n');
    }

    /// Appends what waits, in one write. A full disk costs it; the next line begins afresh.
    pub fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let text = format!("{}{}", if self.is_torn { "\n" } else { "" }, std::mem::take(&mut self.waiting));
        let written = loop {
            match self.file.write(text.as_bytes()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                written => break written.unwrap_or(0),
            }
        };
        self.is_torn = (self.is_torn && written == 0) || (written > 0 && written < text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that was written in part, as a full disk does it, does not spoil the next one.
    #[test]
    fn a_torn_line_ends() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut file = LineFile::open(&path).unwrap();
        file.append("one");
        file.file.write_all(b"tw").unwrap();
        file.is_torn = true;
        file.append("three");
        file.append("four");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntw\nthree\nfour\n");
        assert!(LineFile::open(Path::new("/dev/full")).is_ok_and(|mut file| {
            file.append("lost");
            !file.is_torn
        }));
    }
}
