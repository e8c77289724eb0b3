//! A directory of rotated files: `current`, finished ones named `@LABEL.s`, and `lock`.
//!
//! `current` has mode 644 while it is written and 744 once it is complete; a `current` found with 644 was interrupted and
//! becomes `@LABEL.u`. Nothing is ever written to a file that is not open at its end.

use core::ffi::CStr;

use super::processor::{self, PREVIOUS, PROCESSED};
use super::script::Limits;
use crate::sys::descriptor::{HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, Names, O_APPEND, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::sys::process::Environment;
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
    /// When the first of them was written, in ns of CLOCK_MONOTONIC; for what was there before us, when we came.
    since: u64,
    /// `previous` waits for its processor.
    waits: bool,
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
        doing("finish previous", resume(&directory))?;
        let size = match files::status_at(*directory, CURRENT) {
            Ok(status) if status.mode & 0o100 != 0 || status.size == 0 => status.size,
            Ok(_) => {
                doing("rename interrupted current", finish(&directory, CURRENT, b".u"))?;
                0
            }
            Err(_) => 0,
        };
        let current = doing("open current", open_current(&directory))?;
        Ok(Self { directory, _lock: lock, current, size, since: time::monotonic(), waits: false, limits })
    }

    /// Bytes that fit into `current`.
    pub const fn room(&self) -> u64 {
        self.limits.size.saturating_sub(self.size)
    }

    /// When `current` is too old, in ns of CLOCK_MONOTONIC; `None` while it is empty, or may get as old as it likes.
    pub const fn expires(&self) -> Option<u64> {
        if self.size == 0 || self.limits.age == 0 {
            return None;
        }
        Some(self.since.saturating_add(self.limits.age.saturating_mul(1_000_000_000)))
    }

    /// Writes once to `current`; gives the bytes written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.current.write(bytes)?;
        if self.size == 0 && self.limits.age > 0 {
            self.since = time::monotonic();
        }
        self.size += written as u64;
        Ok(written)
    }

    /// Finishes `current` and begins another; old files beyond the limits are removed. An empty one is left as it is.
    pub fn rotate(&mut self, environment: Environment) -> core::result::Result<(), Trouble> {
        self.process(environment)?;
        if self.size == 0 {
            return Ok(());
        }
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))?;
        match self.limits.processor {
            None => doing("rename current", finish(&self.directory, CURRENT, b".s"))?,
            Some(_) => {
                doing("rename current", files::rename_at(*self.directory, CURRENT, PREVIOUS))?;
                self.waits = true;
            }
        }
        // Until the new one is open the old one is written on: a line is in one file or the other, never in none.
        self.current = doing("open current", open_current(&self.directory))?;
        self.size = 0;
        self.process(environment)?;
        self.remove_old()
    }

    /// Runs the processor if a file waits for it.
    fn process(&mut self, environment: Environment) -> core::result::Result<(), Trouble> {
        let Some(command) = self.limits.processor.filter(|_| self.waits) else { return Ok(()) };
        processor::run(*self.directory, command, environment)?;
        doing("finish processed", accept(&self.directory))?;
        self.waits = false;
        Ok(())
    }

    /// Commits `current` and marks it complete.
    pub fn close(&mut self) -> core::result::Result<(), Trouble> {
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))
    }

    /// Removes the files with the smallest labels while there are too many, or too many bytes in them.
    fn remove_old(&self) -> core::result::Result<(), Trouble> {
        loop {
            let old = doing("read directory", self.old_files())?;
            match old.oldest.c_str() {
                Some(name) if old.count >= self.limits.files || old.size > self.limits.total => {
                    doing("remove old file", files::remove_at(*self.directory, name))?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// The finished files.
    fn old_files(&self) -> Result<OldFiles> {
        let listing = files::open_at(*self.directory, c".", O_RDONLY | O_DIRECTORY, 0)?;
        let mut names = Names::of(*listing);
        let mut old = OldFiles { count: 0, size: 0, oldest: Text::new() };
        while let Some(file) = names.next_name()? {
            let name = file.to_bytes();
            if name.first() != Some(&b'@') || name.len() < LABEL || name.len() >= 40 {
                continue;
            }
            if self.limits.total != u64::MAX {
                old.size += files::status_at(*self.directory, file).map_or(0, |status| status.size);
            }
            old.count += 1;
            if old.count == 1 || name < old.oldest.bytes() {
                old.oldest.clear();
                old.oldest.push(name);
            }
        }
        Ok(old)
    }
}

/// What finished files there are.
struct OldFiles {
    count: u64,
    /// Bytes of all of them; counted only where that is limited.
    size: u64,
    /// The name of the oldest.
    oldest: Text<40>,
}

/// Finishes what another logger left of a processor's work. A file that was not processed to the end becomes `@LABEL.u`.
fn resume(directory: &Owned) -> Result<()> {
    if processor::is_complete(**directory) {
        accept(directory)?;
    }
    // Half of an output is of no use; that there is none is no error.
    let _ = files::remove_at(**directory, PROCESSED);
    finish(directory, PREVIOUS, b".u")
}

/// Makes `processed` a finished file.
fn accept(directory: &Owned) -> Result<()> {
    processor::accept(**directory)?;
    finish(directory, PROCESSED, b".s")
}

/// What [`Directory::open`] was doing when another logger had the directory.
pub const LOCKING: &str = "lock directory";

/// Opens `current` at its end.
fn open_current(directory: &Owned) -> Result<Owned> {
    let current = files::open_at(**directory, CURRENT, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600)?;
    current.set_mode(OPEN)?;
    Ok(current)
}

/// Renames a file to the present moment's label and a suffix.
fn finish(directory: &Owned, file: &CStr, suffix: &[u8]) -> Result<()> {
    let mut name = Text::<40>::new();
    name.push(&time::label().label());
    name.push(suffix);
    match files::rename_at(**directory, file, name.c_str().ok_or(Errno::ENAMETOOLONG)?) {
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
