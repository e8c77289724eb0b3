//! Messages of the resident programs: `prog name: level: text`, one line, one write.
//!
//! Writing a message never blocks, where standard error is a pipe, a FIFO or a terminal that was stopped either: it is
//! opened a second time without blocking, because O_NONBLOCK on the inherited descriptor would change it for everyone who
//! shares it. What cannot be written is counted, and the count is said as soon as something can be written again.

use super::descriptor::{Owned, STDERR};
use super::error::Errno;
use super::files::{self, O_NONBLOCK, O_WRONLY};
use super::text::Text;

/// Longest message in bytes, its newline included; below PIPE_BUF, so that lines never mix.
const LONGEST: usize = 512;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// We end.
    Fatal,
    /// We go on.
    Warning,
    /// Nothing is wrong.
    Info,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A part of a message: the formatting of core would be larger than all of them.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// Words of ours.
    Text(&'a str),
    /// Bytes of somebody's, shown so that they cannot break the line.
    Name(&'a [u8]),
    /// A number.
    Number(u64),
    /// The words of an error.
    Errno(Errno),
}

/// Where messages go.
#[derive(Debug)]
pub struct Messages {
    program: &'static str,
    /// The second opening of standard error, unless that is a plain file.
    second: Option<Owned>,
    is_file: bool,
    is_fifo: bool,
    dropped: u64,
}

impl Messages {
    /// Messages of `program`, to standard error.
    pub fn new(program: &'static str) -> Self {
        let status = files::status_of(STDERR);
        let is_file = status.is_ok_and(|status| status.is_file());
        let is_fifo = status.is_ok_and(|status| status.is_fifo());
        Self { program, second: None, is_file, is_fifo, dropped: 0 }
    }

    /// Number of messages that nobody could take since the last one that went through.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Says something about `name` (empty: about the program itself).
    #[cold]
    #[inline(never)]
    pub fn tell(&mut self, name: &[u8], level: Level, pieces: &[Piece<'_>]) {
        if self.dropped > 0 {
            let lost = [Piece::Number(self.dropped), Piece::Text(" messages were lost")];
            if !self.write(&told(self.program, b"", Level::Warning, &lost)) {
                self.dropped += 1;
                return;
            }
            self.dropped = 0;
        }
        if !self.write(&told(self.program, name, level, pieces)) {
            self.dropped += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn write(&mut self, line: &Text<LONGEST>) -> bool {
        if self.is_file {
            return STDERR.write(line.bytes()).is_ok();
        }
        if self.second.is_none() {
            match files::open(c"/proc/self/fd/2", O_WRONLY | O_NONBLOCK, 0) {
                Ok(fd) => self.second = Some(fd),
                // A FIFO without a reader. A socket is ENXIO too, but can be asked.
                Err(Errno::ENXIO) if self.is_fifo => return false,
                Err(_) => return write_directly(line),
            }
        }
        let Some(fd) = &self.second else { return false };
        match fd.write(line.bytes()) {
            Ok(_) => true,
            Err(error) => {
                // Without a reader the opening is worth nothing; the next message tries a new one.
                if error == Errno::EPIPE {
                    self.second = None;
                }
                false
            }
        }
    }
}

/// Where it cannot be opened again: only when there is room now, for we must not block.
fn write_directly(line: &Text<LONGEST>) -> bool {
    use super::event::{EPOLLOUT, wait_ready};
    wait_ready(STDERR, EPOLLOUT, Some(0)) == Ok(true) && STDERR.write(line.bytes()).is_ok()
}

/// A whole line; what is too long is cut before the newline.
#[cold]
#[inline(never)]
fn told(program: &str, name: &[u8], level: Level, pieces: &[Piece<'_>]) -> Text<LONGEST> {
    let mut line = Text::new();
    line.push(program.as_bytes());
    if !name.is_empty() {
        line.push(b" ");
        line.push_shown(name);
    }
    for text in [": ", level.word(), ": "] {
        line.push(text.as_bytes());
    }
    for piece in pieces {
        match *piece {
            Piece::Text(text) => line.push(text.as_bytes()),
            Piece::Name(name) => line.push_shown(name),
            Piece::Number(number) => line.push_number(number),
            Piece::Errno(errno) => line.push_errno(errno),
        }
    }
    line.end_line();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines have the project's form, and a long one still ends with its newline.
    #[test]
    fn pieces() {
        let pieces =
            [Piece::Text("unable to run "), Piece::Name(b"./r\nn"), Piece::Text(": "), Piece::Errno(Errno(13))];
        let text = told("supervise", b"ssh\nd", Level::Warning, &pieces);
        assert_eq!(text.bytes(), b"supervise ssh?d: warning: unable to run ./r?n: access denied\n");
        let numbers = [Piece::Number(4), Piece::Text(" s, "), Piece::Errno(Errno(999))];
        assert_eq!(told("p", b"", Level::Info, &numbers).bytes(), b"p: info: 4 s, unknown error 999\n");
        let long = told("svscan", b"", Level::Fatal, &[Piece::Name(&[b'x'; 600])]);
        assert_eq!(long.bytes().len(), LONGEST - 1);
        assert!(long.bytes().ends_with(b"x\n"));
    }
}
