//! The small files of a service directory that supervise reads.
//!
//! One look at the directory says which of them are there, so that the many that are not cost nothing. A file that makes
//! no sense counts as absent. Nothing here waits: a FIFO in a file's place is empty.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::sys::descriptor::Descriptor;
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, Names, O_DIRECTORY, O_RDONLY};
use crate::sys::signal;
use crate::sys::text::{Text, first_line, parse_line};

/// Every file that may be asked for. Those that stand in no line here are never found.
const KNOWN: [&CStr; 29] = [
    c_path!(service::NOTIFICATION_FD),
    c_path!(service::TIMEOUT_KILL),
    c_path!(service::TIMEOUT_FINISH),
    c_path!(service::DOWN_SIGNAL),
    c_path!(service::RELOAD_SIGNAL),
    c_path!(service::KILL_MODE),
    c_path!(service::CGROUP),
    c_path!(service::STDIN_FIFO),
    c_path!(service::RESTART),
    c_path!(service::WAKES),
    c_path!(service::FINISH),
    c_path!(service::CHECK),
    c_path!(service::CHECK_EVERY),
    c_path!(service::CUSTOM),
    c_path!(service::EVENT),
    c_path!(service::DIALECT),
    c_path!(service::LOCK_FD),
    c_path!(service::FLAG_NEWPIDNS),
    c_path!(service::MAX_DEATH_TALLY),
    c_path!(service::LONGEST_REST),
    c_path!(service::MAX_DEATHS),
    c_path!(service::NOTIFY),
    c_path!(service::WATCHDOG),
    c_path!(service::SOCKETS),
    c_path!(service::DESCRIPTOR_STORE),
    c_path!(service::SUBREAPER),
    c_path!(service::PIDFILE),
    c_path!(service::DOWN),
    c_path!(service::RUN),
];

/// A service directory and which of the known files it has.
#[derive(Clone, Copy, Debug)]
pub struct Files {
    directory: Descriptor,
    present: u32,
}

/// The longest line that is read: a path.
pub type Line = Text<256>;

impl Files {
    /// Looks at the directory. Where it may not be listed, every file is tried, and one that
    /// was removed has none; an error is one that every file would have,
    /// so that nothing could be said about any.
    pub fn look(directory: Descriptor) -> Result<Self> {
        let present = match Self::list(directory) {
            Err(Errno::ENOENT) => 0,
            listed => Errno::known(listed)?.unwrap_or(u32::MAX),
        };
        Ok(Self { directory, present })
    }

    fn list(directory: Descriptor) -> Result<u32> {
        let open = files::open_at(directory, c".", O_RDONLY | O_DIRECTORY, 0)?;
        let mut names = Names::of(*open);
        let mut present = 0;
        while let Some(name) = names.next_name()? {
            if let Some(at) = KNOWN.iter().position(|known| *known == name) {
                present |= 1 << at;
            }
        }
        Ok(present)
    }

    /// The file is there.
    pub fn has(&self, path: &CStr) -> bool {
        KNOWN.iter().position(|known| *known == path).is_some_and(|at| self.present & 1 << at != 0)
    }

    /// The first line of a file; `None` when there is no file, or nothing in it.
    pub fn line(&self, path: &CStr) -> Option<Line> {
        if self.has(path) { line(self.directory, path) } else { None }
    }

    /// The number in a file.
    pub fn number(&self, path: &CStr) -> Option<u64> {
        parse_line(self.line(path)?.bytes())
    }

    /// The signal that a file names.
    pub fn signal(&self, path: &CStr) -> Option<u32> {
        signal::parse(self.line(path)?.bytes())
    }

    /// A file's first line is this word.
    pub fn says(&self, path: &CStr, word: &[u8]) -> bool {
        self.line(path).is_some_and(|line| line.bytes() == word)
    }
}

/// The first line of a file, without having looked first.
pub fn line(directory: Descriptor, path: &CStr) -> Option<Line> {
    let mut buffer = [0; 256];
    let mut text = Text::new();
    text.push(first_line(files::read_at(directory, path, &mut buffer).ok()?));
    (!text.bytes().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known fits into the bits, and nothing stands twice.
    #[test]
    fn known_once() {
        assert!(KNOWN.len() < 32);
        for (at, name) in KNOWN.iter().enumerate() {
            assert!(!KNOWN[..at].contains(name), "{name:?}");
        }
    }
}
