//! What a scanner finds when it is not the first of its directory: supervises are taken over, not started.

use crate::sys::event::EPOLLIN;
use crate::sys::time;

use super::adopt::Supervises;
use super::run::{FOLLOWED, Scanner};

impl Scanner {
    /// The first scan after a predecessor, or a life of our own before: what runs is taken over, not started.
    #[inline(never)]
    pub(super) fn take_over(&mut self) {
        if self.settled_at.is_none() {
            return;
        }
        let left = Supervises::find();
        self.scan(Some(&left));
        self.follow_strangers();
        if self.record.is_some_and(|record| record.holds) {
            self.hold_fifo();
        }
    }

    /// Supervises that were being started when the predecessor ended hold their locks by now.
    pub(super) fn look_again(&mut self) {
        if self.settled_at.is_some_and(|at| at > time::monotonic()) {
            let left = Supervises::find();
            self.serve(Some(&left));
            self.follow_strangers();
        }
    }

    fn follow_strangers(&mut self) {
        let (followed, epoll) = (&mut self.followed, &self.epoll);
        self.entries.follow_strangers(time::monotonic(), |pid| {
            followed.add(pid, |pidfd| epoll.add(pidfd, EPOLLIN, u64::from(pid) << 8 | FOLLOWED))
        });
    }
}
