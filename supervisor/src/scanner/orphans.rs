//! Services that fell to us when their supervises died. We are their parent, so only we learn how they end; their new
//! supervises are told by a file and a letter ([`crate::ended`]).
//!
//! The directory is needed to tell them, so ends are gathered and told in the next walk through it.

use core::ffi::CStr;

use crate::control::supervise::REAPED;
use crate::ended;
use crate::paths::service;
use crate::status::{SIZE, Status};
use crate::sys::descriptor::HERE;
use crate::sys::files::{self, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY};
use crate::sys::table::Table;
use crate::sys::text::Text;
use crate::sys::wait::{self, Ended};

use super::entry::Who;

/// A process of a service that is a child of ours.
#[derive(Clone, Copy, Debug)]
struct Orphan {
    who: Who,
    pid: u32,
    /// Its wait status, once it has ended.
    status: Option<u16>,
}

/// All of them. Without memory for one, its end stays unknown to its supervise.
#[derive(Debug, Default)]
pub struct Orphans {
    known: Table<Orphan>,
    /// Reaped since a supervise died, and not known to be anybody's: one of them may be its service.
    unclaimed: Table<Ended>,
}

impl Orphans {
    /// None.
    pub const fn new() -> Self {
        Self { known: Table::new(), unclaimed: Table::new() }
    }

    /// A child has ended that is no supervise. `expected`: a supervise has died, and its service was not looked up yet.
    pub fn reaped(&mut self, ended: Ended, expected: bool) {
        if let Some(orphan) = self.known.iter_mut().find(|orphan| orphan.pid == ended.pid) {
            orphan.status = Some(ended.status);
        } else if expected {
            let _ = self.unclaimed.push(ended);
        }
    }

    /// How many ends are kept that may be somebody's.
    #[cfg(test)]
    pub fn unclaimed(&self) -> usize {
        self.unclaimed.len()
    }

    /// Somebody's new supervise is to be told.
    pub fn have_news(&self) -> bool {
        self.known.iter().any(|orphan| orphan.status.is_some())
    }

    /// The supervise of `who`, whose directory this is, has died: what it had started may be ours. If that has ended
    /// already, the end is written down before a new supervise can ask.
    #[cold]
    #[inline(never)]
    pub fn look_for(&mut self, who: Who, directory: &CStr) {
        let Some(record) = record(directory) else { return };
        if let Some(ended) = self.unclaimed.iter().find(|ended| ended.pid == record.pid) {
            write(directory, &record, ended.status);
        } else if wait::is_child(record.pid) && !self.known.iter().any(|orphan| orphan.pid == record.pid) {
            let _ = self.known.push(Orphan { who, pid: record.pid, status: None });
        }
    }

    /// Tells the supervise of `who` how its process has ended, if it has.
    #[cold]
    #[inline(never)]
    pub fn tell(&mut self, who: Who, directory: &CStr) {
        let is_his = |orphan: &Orphan| orphan.who == who && orphan.status.is_some();
        let Some(orphan) = self.known.iter().position(is_his).and_then(|at| self.known.swap_remove(at)) else { return };
        let record = record(directory).filter(|record| record.pid == orphan.pid);
        if let (Some(record), Some(status)) = (record, orphan.status) {
            write(directory, &record, status);
            let path = below(directory, service::CONTROL);
            let _ = path.c_str().map(|path| files::tell_at(HERE, path, &[REAPED]));
        }
    }

    /// The walk is over: who was not met has no supervise any more that could be told.
    #[cold]
    #[inline(never)]
    pub fn end_walk(&mut self) {
        self.unclaimed = Table::new();
        while let Some(at) = self.known.iter().position(|orphan| orphan.status.is_some()) {
            self.known.swap_remove(at);
        }
    }
}

/// The record of a service that has a process.
fn record(directory: &CStr) -> Option<Status> {
    let mut buffer = [0; SIZE];
    let record = Status::unpack(files::read_at(HERE, below(directory, service::STATUS).c_str()?, &mut buffer).ok()?)?;
    (record.pid > 0).then_some(record)
}

/// Writes `supervise/ended`. Where that cannot be, the end stays unknown.
fn write(directory: &CStr, record: &Status, status: u16) {
    let path = below(directory, service::ENDED);
    let Some(path) = path.c_str() else { return };
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;
    let bytes = ended::Orphan { start_ticks: record.start_ticks, pid: record.pid, status }.pack();
    let _ = files::open(path, flags, 0o644).and_then(|file| file.write_all(&bytes));
}

/// The path of a file of a service directory.
pub(super) fn below(directory: &CStr, file: &str) -> Text<320> {
    let mut path = Text::new();
    path.push(directory.to_bytes());
    path.push(b"/");
    path.push(file.as_bytes());
    path
}
