//! A directory of rotated files: `current`, finished ones named `@LABEL.s`, and `lock`.
//!
//! `current` has mode 644 while it is written and 744 once it is complete; a `current` found with 644 was interrupted and
//! becomes `@LABEL.u`. Nothing is ever written to a file that is not open at its end.

use core::ffi::CStr;

use super::script::Limits;
use crate::sys::descriptor::{HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, Names, O_APPEND, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::sys::text::Text;
use crate::sys::time;

const CURRENT: &CStr = c"current";
/// Mode of a file that is being written.
const OPEN: u32 = 0o644;
/// Mode of a complete one.
const COMPLETE: u32 = 0o744;
/// Bytes of `@` and a label.
const LABEL: usize = 25;

/// What could not be done with a directory, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble(pub &'static str, pub Errno);

/// An open directory.
#[derive(Debug)]
pub struct Directory {
    directory: Owned,
    _lock: Owned,
    current: Owned,
    /// Bytes in `current`.
    size: u64,
    limits: Limits,
}

/// Adds what was being done to an error.
fn doing<T>(what: &'static str, answer: Result<T>) -> core::result::Result<T, Trouble> {
    answer.map_err(|errno| Trouble(what, errno))
}

impl Directory {
    /// Opens, makes and locks a directory, and opens its `current`.
    pub fn open(path: &'static CStr, limits: Limits) -> core::result::Result<Self, Trouble> {
        doing("create directory", make_directories(path))?;
        let directory = doing("open directory", files::open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0))?;
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK;
        let lock = doing("open lock", files::open_at(*directory, c"lock", flags, 0o600))?;
        doing(LOCKING, lock.lock())?;
        let size = match files::status_at(*directory, CURRENT) {
            Ok(status) if status.mode & 0o100 != 0 || status.size == 0 => status.size,
            Ok(_) => {
                doing("rename interrupted current", finish(&directory, b".u"))?;
                0
            }
            Err(_) => 0,
        };
        let current = doing("open current", open_current(&directory))?;
        Ok(Self { directory, _lock: lock, current, size, limits })
    }

    /// Bytes that fit into `current`.
    pub const fn room(&self) -> u64 {
        self.limits.size.saturating_sub(self.size)
    }

    /// Writes once to `current`; gives the bytes written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.current.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    /// Finishes `current` and begins another; old files beyond the limit are removed. An empty one is left as it is.
    pub fn rotate(&mut self) -> core::result::Result<(), Trouble> {
        if self.size == 0 {
            return Ok(());
        }
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))?;
        doing("rename current", finish(&self.directory, b".s"))?;
        // Until the new one is open the old one is written on: a line is in one file or the other, never in none.
        self.current = doing("open current", open_current(&self.directory))?;
        self.size = 0;
        self.remove_old()
    }

    /// Commits `current` and marks it complete.
    pub fn close(&mut self) -> core::result::Result<(), Trouble> {
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))
    }

    /// Removes the files with the smallest labels while there are too many.
    fn remove_old(&self) -> core::result::Result<(), Trouble> {
        loop {
            let (count, oldest) = doing("read directory", self.old_files())?;
            match oldest.c_str() {
                Some(name) if count >= self.limits.files => {
                    doing("remove old file", files::remove_at(*self.directory, name))?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Number of finished files, and the name of the oldest.
    fn old_files(&self) -> Result<(u64, Text<40>)> {
        let listing = files::open_at(*self.directory, c".", O_RDONLY | O_DIRECTORY, 0)?;
        let mut names = Names::of(*listing);
        let (mut count, mut oldest) = (0, Text::<40>::new());
        while let Some(name) = names.next_name()? {
            let name = name.to_bytes();
            if name.first() != Some(&b'@') || name.len() < LABEL || name.len() >= 40 {
                continue;
            }
            count += 1;
            if count == 1 || name < oldest.bytes() {
                oldest.clear();
                oldest.push(name);
            }
        }
        Ok((count, oldest))
    }
}

/// What [`Directory::open`] was doing when another logger had the directory.
pub const LOCKING: &str = "lock directory";

/// Opens `current` at its end.
fn open_current(directory: &Owned) -> Result<Owned> {
    let current = files::open_at(**directory, CURRENT, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600)?;
    current.set_mode(OPEN)?;
    Ok(current)
}

/// Renames `current` to the present moment's label and a suffix.
fn finish(directory: &Owned, suffix: &[u8]) -> Result<()> {
    let mut name = Text::<40>::new();
    name.push(&time::label().label());
    name.push(suffix);
    match files::rename_at(**directory, CURRENT, name.c_str().ok_or(Errno::ENAMETOOLONG)?) {
        // It was renamed before, but the next one could not be opened then.
        Err(Errno::ENOENT) => Ok(()),
        answer => answer,
    }
}

/// Makes a directory and those above it that are missing.
fn make_directories(path: &CStr) -> Result<()> {
    let bytes = path.to_bytes();
    for (at, _) in bytes.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/') {
        let mut parent = Text::<4096>::new();
        parent.push(bytes.get(..at).unwrap_or_default());
        make_directory(parent.c_str().ok_or(Errno::ENAMETOOLONG)?, 0o755)?;
    }
    make_directory(path, 0o700)
}

/// Makes a directory if there is nothing of that name.
fn make_directory(path: &CStr, mode: u32) -> Result<()> {
    match files::status_at(HERE, path) {
        Ok(_) => Ok(()),
        Err(_) => match files::make_directory_at(HERE, path, mode) {
            Err(Errno::EEXIST) => Ok(()),
            answer => answer,
        },
    }
}
