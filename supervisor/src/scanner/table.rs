//! The services that have a supervise or are to have one, and what is known of them.

use crate::sys::error::Result;
use crate::sys::table::Table;
use crate::sys::wait::{self, Ended};

use super::entry::{Entry, Logger, Member, Pipe};
use super::orphans::Orphans;
use super::recent::Recents;
use super::stray::Strays;

/// All of them. What is done with them stands beside the walk that does it: [`super::walk`], [`super::stop`].
#[derive(Debug)]
pub struct Entries {
    pub(super) entries: Table<Entry>,
    pub(super) loggers: Table<Logger>,
    pub(super) recents: Recents,
    pub(super) orphans: Orphans,
    pub(super) strays: Strays,
    /// Pipes are not made any more.
    pub(super) closed: bool,
    /// Nothing is started any more, so that nobody's death matters.
    pub(super) ending: bool,
}

impl Entries {
    /// None. `closed`: pipes were closed before we were executed again, and stay so. `ending`: nothing is started any more.
    pub const fn new(closed: bool, ending: bool) -> Self {
        Self {
            entries: Table::new(),
            loggers: Table::new(),
            recents: Recents::new(),
            orphans: Orphans::new(),
            strays: Strays::new(),
            closed,
            ending,
        }
    }

    /// The logger of the service at `at`.
    pub(super) fn logger(&mut self, at: usize) -> Option<&mut Logger> {
        self.entries.get(at).filter(|entry| entry.main.is(Member::LOGGED))?;
        self.loggers.iter_mut().find(|logger| logger.owner == at as u32)
    }

    /// The service at `at`, or its logger.
    pub(super) fn member(&mut self, at: usize, is_log: bool) -> Option<&mut Member> {
        if is_log {
            return self.logger(at).map(|logger| &mut logger.member);
        }
        self.entries.get_mut(at).map(|entry| &mut entry.main)
    }

    /// Takes a service in, with a pipe to its logger if it has one.
    pub(super) fn add(&mut self, identity: (u64, u64), logged: bool, pipe: Option<Pipe>) -> Result<usize> {
        let at = self.entries.len();
        let mut entry = Entry::new(identity);
        entry.main.set(Member::LOGGED, logged);
        self.entries.push(entry)?;
        if logged && let Err(errno) = self.loggers.push(Logger { owner: at as u32, member: Member::default(), pipe }) {
            self.entries.swap_remove(at);
            return Err(errno);
        }
        Ok(at)
    }

    /// No supervise of the service at `at` is alive.
    fn is_dead(&self, at: usize) -> bool {
        let Some(entry) = self.entries.get(at).filter(|entry| entry.main.pid() == 0) else { return false };
        !entry.main.is(Member::LOGGED)
            || self.loggers.iter().all(|logger| logger.owner != at as u32 || logger.member.pid() == 0)
    }

    /// Drops what has left the directory and has no process any more.
    pub(super) fn forget_dead(&mut self, now: u64) {
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            if entry.main.is(Member::WANTED) || !self.is_dead(at) {
                at += 1;
            } else {
                self.remove(at);
            }
        }
        let entries = &self.entries;
        self.recents
            .tidy(now, |who| entries.iter().any(|entry| entry.main.is(Member::WANTED) && entry.who(who.is_log) == who));
    }

    /// The last one takes the place of the one that goes.
    fn remove(&mut self, at: usize) {
        if let Some(logger) = self.loggers.iter().position(|logger| logger.owner == at as u32) {
            drop(self.loggers.swap_remove(logger));
        }
        self.entries.swap_remove(at);
        let moved = self.entries.len() as u32;
        if let Some(logger) = self.loggers.iter_mut().find(|logger| logger.owner == moved) {
            logger.owner = at as u32;
        }
    }

    /// Every member with the service that it belongs to.
    pub(super) fn members(&self) -> impl Iterator<Item = (&Entry, bool, Member)> {
        members(&self.entries, &self.loggers)
    }

    fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        let loggers = self.loggers.iter_mut().map(|logger| &mut logger.member);
        self.entries.iter_mut().map(|entry| &mut entry.main).chain(loggers)
    }

    /// A child, or a supervise that is followed, has ended. A child that is no supervise was an orphan.
    pub fn end(&mut self, ended: Ended, now: u64) {
        let is_his = |member: Member| member.pid() == ended.pid;
        if !self.members().any(|(_, _, member)| is_his(member)) {
            let expected = !self.ending && self.members().any(|(_, _, member)| member.is(Member::LOST));
            return self.orphans.reaped(ended, expected);
        }
        let is_orderly = ended.status == 0;
        let mut is_unwanted = false;
        let his = members(&self.entries, &self.loggers).filter(|(_, _, member)| is_his(*member) && !self.ending);
        for (entry, is_log, _) in his {
            if entry.main.is(Member::WANTED) {
                self.recents.died(entry.who(is_log), is_orderly, now);
            } else {
                is_unwanted = true;
            }
        }
        for member in self.members_mut().filter(|member| is_his(**member)) {
            member.set_pid(0, false);
            member.set(Member::LOST, !is_orderly);
        }
        if is_unwanted {
            self.forget_dead(now);
        }
    }

    /// When (monotonic ns) there is something to do in the directory; `None`: not before something happens.
    pub fn due(&self, now: u64) -> Option<u64> {
        let has_news = self.orphans.have_news() || self.members().any(|(_, _, member)| member.is(Member::LOST));
        if has_news { Some(now) } else { self.recents.due(now) }
    }

    /// Loggers that are away while their pipe holds something are due at once: nobody else could read it.
    pub fn hasten_loggers(&mut self, now: u64) {
        for logger in self.loggers.iter() {
            let is_full = |pipe: &Pipe| pipe.read.bytes_waiting().is_ok_and(|bytes| bytes > 0);
            if logger.pipe.as_ref().is_some_and(is_full)
                && let Some(entry) = self.entries.get(logger.owner as usize)
            {
                self.recents.hasten(entry.who(true), now);
            }
        }
    }

    /// Closes every pipe end, so that loggers see the end once their services are gone.
    pub fn close_pipes(&mut self) {
        self.closed = true;
        self.loggers.iter_mut().for_each(|logger| logger.pipe = None);
    }

    /// No supervise is alive.
    pub fn are_dead(&self) -> bool {
        self.members().all(|(_, _, member)| member.pid() == 0)
    }

    /// Has every supervise followed that is no child of ours; one that cannot be has ended.
    pub fn follow_strangers(&mut self, now: u64, mut follow: impl FnMut(u32) -> Result<()>) {
        // One that cannot be followed is ended here, which may move others: they are met again at the next start.
        for at in 0..self.entries.len() {
            for is_log in [false, true] {
                let pid = self.member(at, is_log).map_or(0, |member| member.pid());
                if pid > 0 && !wait::is_child(pid) && follow(pid).is_err() {
                    self.end(Ended { pid, status: super::run::UNSEEN }, now);
                }
            }
        }
    }
}

fn members<'a>(
    entries: &'a Table<Entry>,
    loggers: &'a Table<Logger>,
) -> impl Iterator<Item = (&'a Entry, bool, Member)> {
    let mains = entries.iter().map(|entry| (entry, false, entry.main));
    let of = |logger: &'a Logger| entries.get(logger.owner as usize).map(|entry| (entry, true, logger.member));
    mains.chain(loggers.iter().filter_map(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a supervise has left when it died is looked for, but not any more once everything ends: then nobody asks, and the
    /// ends of all the orphans of a machine would be kept.
    #[test]
    fn orphans_of_the_end() {
        for (ending, kept) in [(false, 3), (true, 0)] {
            let mut entries = Entries::new(false, ending);
            entries.add((1, 2), false, None).unwrap();
            entries.member(0, false).unwrap().set_pid(100, false);
            (100..104).for_each(|pid| entries.end(Ended { pid, status: 9 }, 0));
            assert_eq!(entries.orphans.unclaimed(), kept);
        }
    }
}
