//! Telling supervises to end.

use crate::control::supervise::{DOWN, EXIT};
use crate::sys::signal::{SIGCONT, SIGHUP, SIGTERM};

use super::entry::{Entry, Member};
use super::followed::Followed;
use super::group;
use super::table::Entries;

/// What TERM means to a supervise of one service, as letters for one of several.
const TERMINATE: &[u8] = &[EXIT, DOWN];
/// What HUP means.
const HANG_UP: &[u8] = &[EXIT];

impl Entries {
    /// Tells supervises to end: TERM to services, and to their loggers TERM or HUP, which lets them read to the end.
    #[cold]
    #[inline(never)]
    pub fn end_supervises(&mut self, followed: &Followed, of_absent_only: bool, loggers_too: bool) {
        self.ending |= !of_absent_only;
        let is_meant = |entry: &Entry| !(of_absent_only && entry.main.is(Member::WANTED));
        let log_signal = if loggers_too { SIGTERM } else { SIGHUP };
        let meant = self.members().filter(|(entry, _, member)| is_meant(entry) && !member.is(Member::GROUPED));
        for (_, is_log, member) in meant.filter(|(_, _, member)| member.pid() > 0) {
            followed.signal(member.pid(), if is_log { log_signal } else { SIGTERM });
            followed.signal(member.pid(), SIGCONT);
        }
        let mut last = 0;
        while let Some(pid) = self.next_group(last) {
            self.end_group(pid, is_meant, loggers_too);
            last = pid;
        }
        for logger in self.loggers.iter_mut() {
            if self.entries.get(logger.owner as usize).is_some_and(is_meant) {
                // Our ends must go, or the logger would wait for us.
                logger.pipe = None;
            }
        }
    }

    /// The supervise of several services with the next pid after `last`.
    fn next_group(&self, last: u32) -> Option<u32> {
        let groups =
            self.members().filter(|(_, _, member)| member.is(Member::GROUPED)).map(|(_, _, member)| member.pid());
        groups.filter(|&pid| pid > last).min()
    }

    /// Tells the services of a group.
    #[inline(never)]
    fn end_group(&self, pid: u32, is_meant: impl Fn(&Entry) -> bool, loggers_too: bool) {
        let log_letters = if loggers_too { TERMINATE } else { HANG_UP };
        // For want of descriptors the rest is not told now; whoever told us may tell us again.
        let _ = group::each_directory(pid, |directory, identity| {
            if let Some(entry) = self.entries.iter().find(|entry| entry.is(identity)) {
                return if is_meant(entry) {
                    group::tell(directory, TERMINATE)
                };
            }
            let parent = group::parent_of(directory);
            let service = self.entries.iter().find(|entry| parent.is_some_and(|parent| entry.is(parent)));
            if service.is_some_and(&is_meant) {
                group::tell(directory, log_letters);
            }
        });
    }
}
