//! What is done about one service when the walk meets its name.

use core::ffi::CStr;

use crate::paths::service;
use crate::sys::birth::age_of;
use crate::sys::descriptor::HERE;
use crate::sys::signal::SIGALRM;
use crate::sys::{files, proc};

use super::adopt::Supervises;
use super::entry::Member;
use super::group;
use super::orphans::below;
use super::table::Entries;
use super::walk::{Walk, directory_of};

/// ns in a second: how long a supervise has to open its services.
const SECOND: u64 = 1_000_000_000;

impl Entries {
    /// What has become of a service, or of its logger, now that its name is known.
    #[inline(never)]
    pub(super) fn visit(&mut self, at: usize, name: &CStr, is_log: bool, walk: &mut Walk<'_>) {
        let Some(who) = self.entries.get(at).map(|entry| entry.who(is_log)) else { return };
        let Some(member) = self.member(at, is_log).copied() else { return };
        let is_quiet = member.pid() > 0 && !member.is(Member::LOST) && !self.orphans.have_news();
        if is_quiet && walk.left.is_none() && !walk.reaches {
            return;
        }
        let directory = directory_of(name, is_log);
        let Some(directory) = directory.c_str() else { return };
        if let Some(left) = walk.left.filter(|_| member.pid() == 0) {
            self.adopt(at, is_log, directory, left, walk.now);
        }
        if self.member(at, is_log).is_some_and(|member| member.is(Member::LOST)) {
            self.orphans.look_for(who, directory);
        }
        self.orphans.tell(who, directory);
        if walk.reaches && member.pid() > 0 && !is_heard(directory) {
            self.reach(at, is_log, directory, walk);
        }
    }

    /// The supervise of a service is alive, but not to be reached. A young one may not have opened its FIFOs yet; one of several
    /// may have left this service; any other of ours, which has ALRM blocked and reads it, is told to make them anew. To another
    /// maker's it might be the end.
    #[cold]
    #[inline(never)]
    fn reach(&mut self, at: usize, is_log: bool, directory: &CStr, walk: &mut Walk<'_>) {
        let Some(member) = self.member(at, is_log) else { return };
        let pid = member.pid();
        if age_of(pid).is_none_or(|age| age < SECOND) {
            walk.is_early |= member.is(Member::GROUPED);
        } else if member.is(Member::GROUPED) && has_left(pid, directory) {
            member.set_pid(0, false);
            let _ = self.entries.get(at).map(|entry| self.recents.died(entry.who(is_log), true, walk.now));
        } else if proc::blocks(pid, SIGALRM) {
            walk.followed.signal(pid, SIGALRM);
        }
    }

    /// A supervise that a predecessor has left may look after it. With it or without, the service may be a child of ours.
    #[cold]
    #[inline(never)]
    fn adopt(&mut self, at: usize, is_log: bool, directory: &CStr, left: &Supervises, now: u64) {
        let Some(identity) = files::status_at(HERE, directory).ok().map(|status| status.identity()) else { return };
        let found = left.of(identity);
        let who = self.entries.get(at).map(|entry| entry.who(is_log));
        let Some(member) = self.member(at, is_log) else { return };
        member.set(Member::LOST, true);
        if let (Some((pid, grouped)), Some(who)) = (found, who) {
            member.set_pid(pid, grouped);
            self.recents.started(who, now);
        }
    }
}

/// Letters for the service are heard, and so is whoever asks whether it has a supervise.
fn is_heard(directory: &CStr) -> bool {
    [service::CONTROL, service::OK].iter().all(|file| {
        let path = below(directory, file);
        path.c_str().is_none_or(|path| files::is_heard_at(HERE, path))
    })
}

/// A supervise that looks after several has left this one: it has the directory open no more, or never had. The files in there
/// do not tell: whoever removed or replaced the FIFOs may have done the same to the lock.
fn has_left(pid: u32, directory: &CStr) -> bool {
    let identity = files::status_at(HERE, directory).ok().map(|status| status.identity());
    identity.is_some_and(|identity| group::has_open(pid, identity) == Some(false))
}
