//! A unit file's text, and how it is read: never blocking, never more than [`LARGEST`], nothing but plain text.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;

use nix::NixPath;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::{Diagnostic, Place, Severity};

/// The largest file in bytes: a unit has a few hundred; whatever is larger was put there by mistake.
const LARGEST: usize = 1 << 20;

/// The longest line, in characters, that is shown below a message.
const LONGEST_SNIPPET: usize = 160;

/// What is known of a file before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It was a regular file a moment ago.
    Regular,
    /// Nothing, or it is a link.
    Unknown,
}

/// A text and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file.
    pub(crate) file: Arc<Path>,
    /// Its text: no byte order mark, no control characters but tab and line ends.
    pub(crate) text: String,
}

impl Source {
    /// Reads a file. A FIFO or a device is refused without being opened, so that no reading of units ever blocks.
    pub(crate) fn read(path: &Path) -> Result<Self, Diagnostic> {
        Self::read_at(AT_FDCWD, path, path.into(), Look::Unknown).map(|(source, _)| source)
    }

    /// Reads the file of this name in an open directory, which may have told what it is; with it comes what the kernel
    /// says of it. Messages and places call it `file`.
    pub(crate) fn read_at<P: NixPath + ?Sized>(
        directory: BorrowedFd<'_>,
        name: &P,
        file: Arc<Path>,
        look: Look,
    ) -> Result<(Self, FileStat), Diagnostic> {
        let unreadable = |error: io::Error| whole_file(&file, format!("unable to read: {}", cause(&error)));
        if look == Look::Unknown {
            let found = fstatat(directory, name, AtFlags::empty()).map_err(|errno| unreadable(errno.into()))?;
            refuse_irregular(&file, &found)?;
        }
        // Between the look and the opening it may have become a FIFO: hence non-blocking, and a second look.
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let opened = openat(directory, name, flags, Mode::empty()).map_err(|errno| unreadable(errno.into()))?;
        let found = fstat(&opened).map_err(|errno| unreadable(errno.into()))?;
        refuse_irregular(&file, &found)?;
        let bytes = read_bounded(&opened.into(), found.st_size.cast_unsigned()).map_err(unreadable)?;
        Ok((Self::from_bytes(file, bytes)?, found))
    }

    /// Takes a text as if it had been read from `file`.
    pub(crate) fn from_bytes(file: Arc<Path>, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        if bytes.len() > LARGEST {
            return Err(whole_file(&file, format!("larger than {} KiB, which no unit is", LARGEST / 1024)));
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(not_text(&file, &error)),
        };
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        match first_control_character(&text) {
            None => Ok(Self { file, text }),
            Some(at) => Err(control_character(&file, &text, at)),
        }
    }

    /// A place in this file; line and column from 1.
    pub(crate) fn place(&self, line: usize, column: usize) -> Place {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { file: self.file.clone(), line: small(line), column: small(column) }
    }

    /// A diagnostic about a place in this file, with its line.
    pub(crate) fn diagnostic(&self, severity: Severity, place: &Place, message: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(severity, place.clone(), message);
        diagnostic.snippet = self.snippet(place);
        diagnostic
    }

    /// The line of a place, fit for a terminal: `None` where it would be too long to point into.
    pub(crate) fn snippet(&self, place: &Place) -> Option<String> {
        fit(self.text.lines().nth(place.line.checked_sub(1)? as usize)?)
    }
}

/// A line, fit for a terminal: `None` where it would be too long to point into.
pub(crate) fn fit(line: &str) -> Option<String> {
    let fits = line.chars().take(LONGEST_SNIPPET + 1).count() <= LONGEST_SNIPPET;
    fits.then(|| line.replace('\t', " "))
}

/// Reads a regular file of this length, in one call where it is as long as that.
fn read_bounded(mut file: &File, length: u64) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(length).unwrap_or(usize::MAX).min(LARGEST + 1);
    let mut bytes = vec![0; expected + 1];
    let mut end = 0;
    loop {
        let count = match file.read(&mut bytes[end..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            outcome => outcome?,
        };
        end += count;
        // A file that gives no more than it has has ended, without being asked once more.
        if count == 0 || end == expected || end > LARGEST {
            bytes.truncate(end);
            return Ok(bytes);
        }
        if end == bytes.len() {
            bytes.resize(LARGEST + 1, 0);
        }
    }
}

fn refuse_irregular(file: &Arc<Path>, found: &FileStat) -> Result<(), Diagnostic> {
    let what = match SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFREG => return Ok(()),
        SFlag::S_IFDIR => "a directory",
        _ => "a FIFO, socket or device",
    };
    Err(whole_file(file, format!("is {what}, not a file")))
}

fn not_text(file: &Arc<Path>, error: &std::string::FromUtf8Error) -> Diagnostic {
    let valid = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(valid).copied().unwrap_or_default();
    let text = String::from_utf8_lossy(error.as_bytes());
    // What stands before the byte is as long in the lossy text.
    unprintable(file, &text, valid, format!("byte 0x{byte:02x} is not UTF-8"))
}

fn control_character(file: &Arc<Path>, text: &str, at: usize) -> Diagnostic {
    let character = text[at..].chars().next().unwrap_or_default();
    unprintable(file, text, at, format!("control character U+{:04X} is not allowed", character as u32))
}

/// The place of the first control character that is neither a tab nor a line end.
fn first_control_character(text: &str) -> Option<usize> {
    // Most texts are nothing but printable ASCII in lines, which is seen without taking characters apart.
    let odd = text.bytes().position(|byte| !matches!(byte, b' '..=b'~' | b'\n'))?;
    let is_line_end = |at: usize| text[at..].starts_with("\r\n");
    let mut rest = text[odd..].char_indices().map(|(at, c)| (odd + at, c));
    rest.find(|&(at, c)| c.is_control() && c != '\n' && c != '\t' && !is_line_end(at)).map(|(at, _)| at)
}

/// What is wrong at a byte of a text, with its line, in which the terminal is safe from control characters.
fn unprintable(file: &Arc<Path>, text: &str, at: usize, message: String) -> Diagnostic {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let safe = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    let source = Source { file: file.clone(), text: text.chars().map(safe).collect() };
    source.diagnostic(Severity::Error, &source.place(line, column), message)
}

fn whole_file(file: &Arc<Path>, message: String) -> Diagnostic {
    Diagnostic::new(Severity::Error, Place::whole(file.clone()), message)
}

/// The text of the system's error, without Rust's number in brackets.
pub(crate) fn cause(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().into(),
        None => error.to_string(),
    }
}
