//! A directory of rotated files: `current`, finished ones named `@LABEL.s`, and `lock`.
//!
//! `current` has mode 644 while it is written and 744 once it is complete; a `current` found with 644 was interrupted and
//! becomes `@LABEL.u`. Nothing is ever written to a file that is not open at its end. svlog's `lock` holds a byte while
//! a logger is at work: a successor that finds it knows that the last one came to no orderly end, at whatever moment.
//!
//! A processor is waited for only by who may wait. While one runs for who may not, `current` grows instead of being
//! finished.

use core::ffi::CStr;

use super::old_files::{OldFiles, finish};
use super::processor::{self, NEW_STATE, PREVIOUS, PROCESSED, PROCESSING};
use super::script::{Dialect, Limits};
use crate::sys::descriptor::{HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::exec::Environment;
use crate::sys::files::{self, O_APPEND, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::sys::text::Text;
use crate::sys::time;
use crate::sys::wait::{wait_for, wait_now};

const CURRENT: &CStr = c"current";
/// Mode of a file that is being written.
const OPEN: u32 = 0o644;
/// Mode of a complete one.
const COMPLETE: u32 = 0o744;
/// ns in a second: a processor that failed is not run again before.
const SECOND: u64 = 1_000_000_000;

/// What could not be done with a directory, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble(pub &'static str, pub Errno);

/// Stands in a [`Trouble`] that no system call has told.
pub const NO_NUMBER: Errno = Errno(0);

/// What is to be done with `previous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// There is none.
    Nothing,
    /// It waits for a processor, which is not to be run before a moment of CLOCK_MONOTONIC, in ns.
    Waits(u64),
    /// A processor has it.
    Runs(u32),
}

/// An open directory.
#[derive(Debug)]
pub struct Directory {
    directory: Owned,
    lock: Owned,
    current: Owned,
    /// Bytes in `current`.
    size: u64,
    /// When the first of them was written, in ns of CLOCK_MONOTONIC; for what was there before us, when we came.
    since: u64,
    work: Work,
    /// A rotation waits for the processor.
    postponed: bool,
    /// The last logger came to no orderly end.
    interrupted: bool,
    limits: Limits,
}

/// Adds what was being done to an error.
fn doing<T>(what: &'static str, answer: Result<T>) -> core::result::Result<T, Trouble> {
    answer.map_err(|errno| Trouble(what, errno))
}

impl Directory {
    /// Opens, makes and locks a directory, and opens its `current`.
    pub fn open(path: &'static CStr, limits: Limits, dialect: Dialect) -> core::result::Result<Self, Trouble> {
        doing("create directory", make_directories(path))?;
        let directory = doing("open directory", files::open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0))?;
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK;
        let lock = doing("open lock", files::open_at(*directory, c"lock", flags, 0o600))?;
        doing(LOCKING, lock.lock())?;
        doing("finish previous", resume(&directory))?;
        let mut interrupted = files::status_of(*lock).is_ok_and(|status| status.size > 0);
        let size = match files::status_at(*directory, CURRENT) {
            Ok(status) if status.mode & 0o100 != 0 || status.size == 0 => status.size,
            Ok(_) => {
                doing("rename interrupted current", finish(*directory, CURRENT, b".u"))?;
                interrupted = true;
                0
            }
            Err(_) => 0,
        };
        let current = doing("open current", open_current(&directory))?;
        let is_ours = dialect == Dialect::Svlog;
        if is_ours {
            // On a full disk the mode of `current` must do.
            let _ = lock.truncate(0).and_then(|()| lock.write_all(b"\n"));
        }
        let interrupted = interrupted && is_ours;
        let (since, work) = (time::monotonic(), Work::Nothing);
        Ok(Self { directory, lock, current, size, since, work, postponed: false, interrupted, limits })
    }

    /// The last logger came to no orderly end, and nobody has been told; asked once.
    pub const fn take_interrupted(&mut self) -> bool {
        core::mem::replace(&mut self.interrupted, false)
    }

    /// Bytes that fit into `current`; any number while its rotation is postponed.
    pub const fn room(&self) -> u64 {
        if self.postponed { u64::MAX } else { self.limits.size.saturating_sub(self.size) }
    }

    /// When `current` is to be rotated, in ns of CLOCK_MONOTONIC: it is too old then, or a processor may be run again.
    /// `None`: not by the clock.
    pub fn expires(&self) -> Option<u64> {
        match self.work {
            Work::Waits(at) if self.postponed => return Some(at),
            Work::Runs(_) => return None,
            Work::Waits(_) | Work::Nothing => {}
        }
        let age = self.limits.age;
        (self.size > 0 && age > 0).then(|| self.since.saturating_add(age.saturating_mul(SECOND)))
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

    /// Finishes `current` and begins another; old files beyond the limits are removed. An empty one is left as it is, and
    /// so is one whose predecessor has its processor still, unless that is waited for: its rotation is postponed.
    pub fn rotate(&mut self, environment: Environment, waits: bool) -> core::result::Result<(), Trouble> {
        self.postponed = !self.process(environment, waits)?;
        if self.postponed || self.size == 0 {
            return Ok(());
        }
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))?;
        match self.limits.processor {
            None => doing("rename current", finish(*self.directory, CURRENT, b".s"))?,
            Some(_) => {
                doing("rename current", files::rename_at(*self.directory, CURRENT, PREVIOUS))?;
                self.work = Work::Waits(0);
            }
        }
        // Until the new one is open the old one is written on: a line is in one file or the other, never in none.
        self.current = doing("open current", open_current(&self.directory))?;
        self.size = 0;
        self.process(environment, waits)?;
        self.remove_old()
    }

    /// Looks whether the processor has ended; what was postponed for it is to be done now if this is true.
    pub fn look_after_processor(&mut self, environment: Environment) -> core::result::Result<bool, Trouble> {
        match self.work {
            Work::Runs(_) => Ok(self.process(environment, false)? && self.postponed),
            Work::Waits(_) | Work::Nothing => Ok(false),
        }
    }

    /// A processor runs.
    pub const fn is_processing(&self) -> bool {
        matches!(self.work, Work::Runs(_))
    }

    /// Brings the work on `previous` forward; true when there is none any more.
    fn process(&mut self, environment: Environment, waits: bool) -> core::result::Result<bool, Trouble> {
        let Some(command) = self.limits.processor else { return Ok(true) };
        loop {
            let pid = match self.work {
                Work::Nothing => return Ok(true),
                Work::Waits(at) if !waits && at > time::monotonic() => return Ok(false),
                Work::Waits(_) if processor::is_complete(*self.directory) => {
                    // Of the last run only the files are left to be renamed.
                    doing("finish processed", accept(&self.directory))?;
                    self.work = Work::Nothing;
                    continue;
                }
                Work::Waits(_) => {
                    self.work = Work::Waits(time::monotonic().saturating_add(SECOND));
                    let pid = doing(PROCESSING, processor::start(*self.directory, command, environment))?;
                    self.work = Work::Runs(pid);
                    // Its end is told by CHLD, however soon it is: it must not pass for a failure of what has begun it.
                    if !waits {
                        return Ok(false);
                    }
                    continue;
                }
                Work::Runs(pid) => pid,
            };
            let ended = if waits { wait_for(pid).map(Some) } else { wait_now(pid) };
            let Some(ended) = doing(PROCESSING, ended)? else { return Ok(false) };
            self.work = Work::Waits(time::monotonic().saturating_add(SECOND));
            processor::complete(*self.directory, ended.status)?;
            doing("finish processed", accept(&self.directory))?;
            self.work = Work::Nothing;
        }
    }

    /// Commits `current` and marks it complete.
    pub fn close(&mut self) -> core::result::Result<(), Trouble> {
        doing("sync current", self.current.sync())?;
        doing("set mode of current", self.current.set_mode(COMPLETE))?;
        doing("empty lock", self.lock.truncate(0))
    }

    /// Removes the files with the smallest labels while there are too many, or too many bytes in them.
    fn remove_old(&self) -> core::result::Result<(), Trouble> {
        loop {
            let old = doing("read directory", OldFiles::of(*self.directory, &self.limits))?;
            let Some(name) = old.to_remove(&self.limits) else { return Ok(()) };
            doing("remove old file", files::remove_at(*self.directory, name))?;
        }
    }
}

/// Finishes what another logger left of a processor's work. A file that was not processed to the end becomes `@LABEL.u`.
fn resume(directory: &Owned) -> Result<()> {
    if processor::is_complete(**directory) {
        accept(directory)?;
    }
    // Half of an output is of no use, and a processor that outlived its logger must not write into the next one's; that
    // there is none is no error.
    let _ = files::remove_at(**directory, PROCESSED);
    let _ = files::remove_at(**directory, NEW_STATE);
    finish(**directory, PREVIOUS, b".u")
}

/// Makes `processed` a finished file.
fn accept(directory: &Owned) -> Result<()> {
    processor::accept(**directory)?;
    finish(**directory, PROCESSED, b".s")
}

/// What [`Directory::open`] was doing when another logger had the directory.
pub const LOCKING: &str = "lock directory";

/// Opens `current` at its end.
fn open_current(directory: &Owned) -> Result<Owned> {
    let current = files::open_at(**directory, CURRENT, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600)?;
    current.set_mode(OPEN)?;
    Ok(current)
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
