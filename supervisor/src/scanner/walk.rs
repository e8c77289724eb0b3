//! The walk through the scan directory: everything that needs a service's name is done when its name is met.
//!
//! A full walk compares the directory with the table. A walk for what is due alone takes nothing in, and a single name,
//! as inotify gives it, needs no walk at all.

use core::ffi::CStr;

use crate::paths::service;
use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, O_DIRECTORY, O_RDONLY};
use crate::sys::message::Messages;
use crate::sys::text::Text;

use super::adopt::{self, Supervises};
use super::batch::Batch;
use super::children::Children;
use super::entry::{Member, Pipe};
use super::followed::Followed;
use super::report;
use super::table::Entries;

/// What a walk needs besides the directory.
#[derive(Debug)]
pub struct Walk<'a> {
    /// Who starts what is due; `None`: nothing is started.
    pub children: Option<&'a Children>,
    /// Where messages go.
    pub messages: &'a mut Messages,
    /// Supervises that are no children of ours.
    pub followed: &'a Followed,
    /// Monotonic ns.
    pub now: u64,
    /// Services that are new are taken in.
    pub takes_new: bool,
    /// Supervises are looked at, whether they can be reached.
    pub reaches: bool,
    /// What a predecessor may have left.
    pub left: Option<&'a Supervises>,
    /// The last full walk was not complete either, and has said why.
    pub quiet: bool,
    /// Nothing can be forked.
    pub is_full: bool,
    /// Not everything could be looked at.
    pub is_incomplete: bool,
    /// Something is to be looked at again that is too young now.
    pub is_early: bool,
}

impl Walk<'_> {
    fn trouble(&mut self, what: &str, name: &[u8], errno: Errno) {
        self.is_incomplete = true;
        if !self.quiet {
            report::unable(self.messages, what, name, errno, "");
        }
    }
}

impl Entries {
    /// Compares the working directory with the table, and starts what is due.
    pub fn scan(&mut self, walk: &mut Walk<'_>) {
        self.entries.iter_mut().for_each(|entry| entry.main.set(Member::SEEN, false));
        if !self.walk(walk) {
            // What was not seen may be there: better one supervise too many than one too few.
            return;
        }
        self.strays.end_scan();
        for entry in self.entries.iter_mut() {
            entry.main.set(Member::WANTED, entry.main.is(Member::SEEN));
        }
        self.forget_dead(walk.now);
    }

    /// Does what is due. A service that is not in the directory any more is not wanted either.
    pub fn serve(&mut self, walk: &mut Walk<'_>) {
        self.entries.iter_mut().for_each(|entry| entry.main.set(Member::SEEN, false));
        if self.walk(walk) {
            for at in 0..self.entries.len() {
                self.miss(at);
            }
        }
        self.forget_dead(walk.now);
    }

    /// A service that was not met: what it still needs it cannot get.
    fn miss(&mut self, at: usize) {
        let is_lacking = [false, true].iter().any(|&is_log| self.member(at, is_log).is_some_and(|one| one.pid() == 0));
        if let Some(entry) = self.entries.get_mut(at).filter(|entry| is_lacking && !entry.main.is(Member::SEEN)) {
            entry.main.set(Member::WANTED, false);
        }
    }

    /// A name that has come into the directory.
    pub fn look(&mut self, name: &CStr, walk: &mut Walk<'_>) {
        let mut batch = Batch::new();
        self.see(name, &mut 0, &mut batch, walk);
        self.launch_batch(&mut batch, walk);
    }

    /// True when every name was met.
    #[inline(never)]
    fn walk(&mut self, walk: &mut Walk<'_>) -> bool {
        let directory = match files::open(c".", O_RDONLY | O_DIRECTORY, 0) {
            Ok(directory) => directory,
            Err(errno) => {
                walk.trouble("read directory", b"", errno);
                return false;
            }
        };
        let mut batch = Batch::new();
        let is_whole = self.walk_names(*directory, &mut batch, walk);
        self.launch_batch(&mut batch, walk);
        self.orphans.end_walk();
        for at in 0..self.entries.len() {
            for is_log in [false, true] {
                let _ = self.member(at, is_log).map(|member| member.set(Member::LOST, false));
            }
        }
        is_whole
    }

    fn walk_names(&mut self, directory: Descriptor, batch: &mut Batch, walk: &mut Walk<'_>) -> bool {
        let mut names = files::Names::of(directory);
        // Names come in the same order every time, so the next one is most probably the next entry.
        let mut guess = 0;
        loop {
            match names.next_name() {
                Ok(Some(name)) => self.see(name, &mut guess, batch, walk),
                Ok(None) => return true,
                Err(errno) => {
                    walk.trouble("read directory", b"", errno);
                    return false;
                }
            }
        }
    }

    /// A name in the directory. What is no directory is no service, and dot names are none either.
    fn see(&mut self, name: &CStr, guess: &mut usize, batch: &mut Batch, walk: &mut Walk<'_>) {
        if name.to_bytes().starts_with(b".") || name.is_empty() {
            return;
        }
        let status = match files::status_at(HERE, name) {
            Ok(status) => status,
            Err(errno) => return self.miss_name(name, errno, walk),
        };
        if !status.is_directory() {
            return;
        }
        let identity = status.identity();
        let known = match self.entries.get(*guess) {
            Some(entry) if entry.is(identity) => Some(*guess),
            _ => self.entries.iter().position(|entry| entry.is(identity)),
        };
        let at = match known {
            None if !walk.takes_new => return,
            None => match self.take_in(identity, name, walk) {
                Ok(at) => at,
                Err(errno) => return walk.trouble("take in ", name.to_bytes(), errno),
            },
            Some(at) => at,
        };
        *guess = at + 1;
        if let Some(entry) = self.entries.get_mut(at) {
            entry.main.set(Member::SEEN, true);
            if walk.takes_new {
                entry.main.set(Member::WANTED, true);
            }
        }
        // Whether the pipe between them is needed again depends on both.
        for is_log in [false, true] {
            self.visit(at, name, is_log, walk);
        }
        for is_log in [false, true] {
            self.start(at, name, is_log, batch, walk);
        }
    }

    /// A name that leads nowhere. One that has vanished meanwhile is none.
    #[cold]
    #[inline(never)]
    fn miss_name(&mut self, name: &CStr, errno: Errno, walk: &mut Walk<'_>) {
        if walk.takes_new
            && let Ok(link) = files::link_status_at(HERE, name)
            && self.strays.meet(link.inode)
        {
            report::unable(walk.messages, "stat ", name.to_bytes(), errno, "");
        }
    }

    /// A new service, with what a predecessor has left of it.
    #[inline(never)]
    fn take_in(&mut self, identity: (u64, u64), name: &CStr, walk: &mut Walk<'_>) -> Result<usize> {
        let log = directory_of(name, true);
        let log = log.c_str().and_then(|log| files::status_at(HERE, log).ok()).filter(|status| status.is_directory());
        let pipe = match log {
            Some(_) if !self.closed => {
                let left = |identity| walk.left.and_then(|left| left.of(identity));
                let recovered = match walk.left {
                    Some(_) => adopt::recover_pipe(name, left(identity), log.and_then(|log| left(log.identity())))?,
                    None => None,
                };
                Some(recovered.map_or_else(Pipe::new, Ok)?)
            }
            _ => None,
        };
        self.add(identity, log.is_some(), pipe)
    }
}

/// The path of a service's directory, or of its logger's.
pub(super) fn directory_of(name: &CStr, is_log: bool) -> Text<300> {
    let mut path = Text::new();
    path.push(name.to_bytes());
    if is_log {
        path.push(b"/");
        path.push(service::LOG.as_bytes());
    }
    path
}
