//! What is done about one service when the walk meets its name.

use core::ffi::CStr;

use crate::paths::service;
use crate::sys::descriptor::HERE;
use crate::sys::error::Errno;
use crate::sys::files::{self, O_NONBLOCK, O_WRONLY};
use crate::sys::text::Text;

use super::adopt::Supervises;
use super::entry::Member;
use super::table::Entries;
use super::walk::{Walk, directory_of};

/// ns in a second: how long a supervise for several has to open its services.
const SECOND: u64 = 1_000_000_000;

impl Entries {
    /// What has become of a service, or of its logger, now that its name is known.
    #[inline(never)]
    pub(super) fn visit(&mut self, at: usize, name: &CStr, is_log: bool, walk: &mut Walk<'_>) {
        let Some(who) = self.entries.get(at).map(|entry| entry.who(is_log)) else { return };
        let Some(member) = self.member(at, is_log).copied() else { return };
        let is_quiet = member.pid() > 0 && !member.is(Member::LOST | Member::GROUPED) && !self.orphans.have_news();
        if is_quiet && walk.left.is_none() {
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
        if walk.takes_new && member.is(Member::GROUPED) && self.is_left_alone(directory, walk) {
            let _ = self.member(at, is_log).map(|member| member.set_pid(0, false));
            self.recents.died(who, true, walk.now);
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

    /// The supervise that looks after several has left this one. A young one may not have opened it yet.
    #[cold]
    #[inline(never)]
    fn is_left_alone(&mut self, directory: &CStr, walk: &mut Walk<'_>) -> bool {
        if self.grouped_at.is_some_and(|at| walk.now.saturating_sub(at) < SECOND) {
            walk.is_early = true;
            return false;
        }
        let mut path = Text::<320>::new();
        path.push(directory.to_bytes());
        path.push(b"/");
        path.push(service::OK.as_bytes());
        let ok = path.c_str().map(|path| files::open(path, O_WRONLY | O_NONBLOCK, 0).map(drop));
        matches!(ok, Some(Err(Errno::ENXIO | Errno::ENOENT)))
    }
}
