//! What a scanner finds when it is not the first of its directory: supervises are taken over, not started.
//!
//! Until all that is there could be looked at, no other scan begins: it would make a pipe where there is one.

use crate::sys::event::EPOLLIN;
use crate::sys::time;

use super::adopt::Supervises;
use super::report;
use super::run::{FOLLOWED, RETRY, Scanner};

impl Scanner {
    /// The first scan after a predecessor, or a life of our own before: what runs is taken over, not started.
    #[cold]
    #[inline(never)]
    pub(super) fn take_over(&mut self) {
        self.takes_over = true;
        match Supervises::find() {
            Ok(left) => {
                self.scan_with(Some(&left));
                self.follow_strangers(&left);
                self.takes_over = self.is_incomplete;
                if self.is_ending {
                    // Those that nobody knew of could not be told.
                    self.entries.end_supervises(&self.followed, false, false);
                }
            }
            Err(errno) => {
                if !self.is_incomplete {
                    report::unable(&mut self.messages, "look for supervises", b"", errno, " (next try in 1 s)");
                }
                self.is_incomplete = true;
                self.scan_at = Some(time::monotonic().saturating_add(RETRY));
            }
        }
        if self.record.is_some_and(|record| record.holds) {
            self.hold_fifo();
        }
    }

    /// Supervises that were being started when the predecessor ended hold their locks by now.
    #[cold]
    #[inline(never)]
    pub(super) fn look_again(&mut self) {
        if self.settled_at.is_some_and(|at| at > time::monotonic())
            && let Ok(left) = Supervises::find()
        {
            self.serve(Some(&left));
            self.follow_strangers(&left);
        }
    }

    #[cold]
    #[inline(never)]
    fn follow_strangers(&mut self, left: &Supervises) {
        let (followed, epoll) = (&mut self.followed, &self.epoll);
        self.entries.follow_strangers(time::monotonic(), |pid| {
            followed.add(pid, left.birth_of(pid), |pidfd| epoll.add(pidfd, EPOLLIN, u64::from(pid) << 8 | FOLLOWED))
        });
    }
}
