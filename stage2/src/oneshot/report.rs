//! What a keeper tells the engine through a pipe, one line each. It may all be lost: the record has what counts.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// One line of a keeper's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The command runs in this process.
    Executed(u32),
    /// The one-shot said this.
    Output(String),
    /// The outcome is on disk. The end of the pipe says the same, or that the keeper was killed.
    Done,
}

impl Report {
    /// Writes it. An engine that is gone is no error.
    pub fn send(&self, pipe: &mut File) {
        let line = match self {
            Self::Executed(pid) => format!("exec {pid}\n"),
            Self::Output(text) => format!("said {text}\n"),
            Self::Done => "done\n".to_owned(),
        };
        let _ = pipe.write_all(line.as_bytes());
    }

    fn parse(line: &str) -> Option<Self> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("exec", pid) => pid.parse().ok().map(Self::Executed),
            ("said", text) => Some(Self::Output(text.to_owned())),
            ("done", _) => Some(Self::Done),
            _ => None,
        }
    }
}

/// The engine's end of the pipe, which never blocks.
#[derive(Debug)]
pub struct ReportReader {
    pipe: File,
    partial: Vec<u8>,
}

impl ReportReader {
    /// Takes the end of the pipe; it must not block.
    pub fn new(pipe: OwnedFd) -> Self {
        Self { pipe: pipe.into(), partial: Vec::new() }
    }

    /// Everything that has come; [`Report::Done`] is last if the pipe has ended.
    pub fn read(&mut self) -> Vec<Report> {
        let mut buffer = [0; 4096];
        let has_ended = loop {
            match self.pipe.read(&mut buffer) {
                Ok(0) => break true,
                Ok(count) => self.partial.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error.kind() != io::ErrorKind::WouldBlock,
            }
        };
        let whole = self.partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text: Vec<u8> = self.partial.drain(..whole).collect();
        let mut reports: Vec<_> = String::from_utf8_lossy(&text).lines().filter_map(Report::parse).collect();
        if has_ended && reports.last() != Some(&Report::Done) {
            reports.push(Report::Done);
        }
        reports
    }
}

impl AsFd for ReportReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
