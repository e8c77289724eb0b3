//! Processes on their way to their commands. The keeper does not wait for one: an exec may have to ask a slow disk.

use std::os::fd::AsRawFd;

use nix::sys::epoll::EpollTimeout;
use supervisor::sys::descriptor::Descriptor;

use super::{KeeperProcess, SILENCE};
use crate::oneshot::message::{JobNumber, Report};
use crate::oneshot::running::Becoming;
use crate::system::clock::monotonic;

/// How long a process may be its command without our noticing, in ns.
const LONGEST_LOOK: u64 = 1_000_000_000;

/// How long to wait for room in our memory before we copy it instead, in ns.
const PATIENCE: u64 = 10_000_000;

impl KeeperProcess {
    /// How long to sleep if nothing happens. No event tells that a process has become its command, so it is looked at again
    /// after as long as it has taken so far.
    pub(super) fn patience(&self) -> EpollTimeout {
        let now = monotonic();
        let look = self.becoming.values().min().map(|since| now.saturating_sub(*since).clamp(SILENCE, LONGEST_LOOK));
        let tell = self.silent_since.map(|_| SILENCE);
        let give_up = self.gives_up_at.map(|at| at.saturating_sub(now));
        let patience = [look, tell, give_up].into_iter().flatten().min().map(|patience| patience.div_ceil(1_000_000));
        patience.map_or(EpollTimeout::NONE, |patience| EpollTimeout::try_from(patience).unwrap_or(EpollTimeout::ZERO))
    }

    /// Tells of the processes that have become their commands.
    pub(super) fn notice_commands(&mut self) {
        let jobs = &self.jobs;
        let has_left = |number: &&JobNumber| jobs.get(number).is_some_and(|running| !running.is_borrowing());
        let gone: Vec<JobNumber> = self.becoming.keys().filter(has_left).copied().collect();
        gone.into_iter().for_each(|number| self.notice_command(number));
    }

    /// A process has left our memory: it has become its command, or its end will tell why not.
    pub(super) fn notice_command(&mut self, number: JobNumber) {
        self.becoming.remove(&number);
        if let Some(running) = self.jobs.get_mut(&number)
            && running.refusal(&mut self.starter).is_none()
            && let Some(pid) = running.pid
        {
            self.channel.queue(&Report::Executed(number, pid));
        }
    }

    /// Lets the process that has borrowed our memory for the longest time leave it, unless it takes too long.
    pub(super) fn make_room(&mut self) {
        self.notice_commands();
        if self.starter.is_full()
            && let Some(number) = self.becoming.keys().next().copied()
            && self.jobs.get(&number).is_some_and(|running| running.leaves_within(PATIENCE))
        {
            self.notice_command(number);
        }
    }

    /// The process has become its command, or says why not: then its end will tell.
    pub(super) fn on_refusal(&mut self, number: JobNumber) {
        let Some(running) = self.jobs.get_mut(&number) else { return };
        let Some(Becoming::Forked(pipe)) = &running.becoming else { return };
        if running.job.command.is_empty() || Descriptor(pipe.as_raw_fd()).bytes_waiting() != Ok(0) {
            let _ = self.epoll.delete(pipe);
            return;
        }
        running.becoming = None;
        if let Some(pid) = running.pid {
            self.channel.queue(&Report::Executed(number, pid));
        }
    }
}
