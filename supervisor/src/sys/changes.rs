//! What inotify says of a directory, name by name.

use core::ffi::CStr;

use super::descriptor::Descriptor;

pub use linux_raw_sys::general::{IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO, IN_Q_OVERFLOW};

/// Bytes read at once: some thirty short names, or three of the longest.
const SIZE: usize = 1024;
/// Bytes of an event before its name: watch, mask, cookie, length of the name with its padding.
const HEAD: usize = 16;

/// The kernel puts 4-byte numbers into it.
#[derive(Debug)]
#[repr(align(8))]
struct Buffer([u8; SIZE]);

/// Some changes, as they were read.
#[derive(Debug)]
pub struct Changes {
    buffer: Buffer,
    at: usize,
    end: usize,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What happened: `IN_…`.
    pub mask: u32,
    /// To which name; empty: to the directory itself, or the queue.
    pub name: &'a CStr,
}

impl Changes {
    /// Reads from a non-blocking descriptor of inotify; `None`: there is nothing more.
    pub fn read(fd: Descriptor) -> Option<Self> {
        let mut changes = Self { buffer: Buffer([0; SIZE]), at: 0, end: 0 };
        changes.end = fd.read(&mut changes.buffer.0).ok()?;
        (changes.end > 0).then_some(changes)
    }

    /// The next one.
    pub fn next_change(&mut self) -> Option<Change<'_>> {
        let event = self.buffer.0.get(self.at..self.end)?;
        let number = |at: usize| event.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
        let (mask, length) = (number(4)?, number(12)? as usize);
        let name = event.get(HEAD..HEAD + length)?;
        self.at += HEAD + length;
        Some(Change { mask, name: CStr::from_bytes_until_nul(name).unwrap_or(c"") })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::super::event::{inotify, inotify_watch};
    use super::*;

    /// Every name is told with what happened to it, in order, the longest one too.
    #[test]
    fn names() {
        let directory = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(directory.path().as_os_str().as_bytes()).unwrap();
        let fd = inotify().unwrap();
        inotify_watch(*fd, &path, IN_CREATE | IN_DELETE).unwrap();
        let long = "x".repeat(255);
        let mut expected = Vec::new();
        for name in ["a", &long, "line\nbreak"] {
            std::fs::write(directory.path().join(name), "").unwrap();
            expected.push((IN_CREATE, name.to_owned()));
        }
        std::fs::remove_file(directory.path().join("a")).unwrap();
        expected.push((IN_DELETE, "a".to_owned()));
        let mut told = Vec::new();
        while let Some(mut changes) = Changes::read(*fd) {
            while let Some(change) = changes.next_change() {
                told.push((change.mask, change.name.to_str().unwrap().to_owned()));
            }
        }
        assert_eq!(told, expected);
    }
}
