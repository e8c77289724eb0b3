//! Finding out that a longrun is ready, where it does not say so itself.
//!
//! A [`Probe`] never blocks. Files and sockets are awaited by a process of their own, since a path may lead to a file server
//! that does not answer; `tcp` and `exec` are asked again every so often, as the unit says.

mod appearance;
mod connect;
mod exec;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::sys::epoll::EpollFlags;
use units::Readiness;

use crate::engine::event::Nanoseconds;
use appearance::{Appearance, Awaited};
use connect::Attempt;
use exec::Asked;

/// How long after a failure another process is sent to wait for a file.
const AWAITED_EVERY: Duration = Duration::from_millis(20);
/// However often a unit wants to be asked, it is not asked more often than that.
const LEAST_EVERY: Duration = Duration::from_millis(5);

/// What a probe has found out.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The unit is ready.
    Ready,
    /// Not yet: to be asked again at this time, or when something happens.
    NotYet(Option<Nanoseconds>),
}

/// One way to find out, while it is under way.
#[derive(Debug)]
pub struct Probe {
    way: Way,
    every: Duration,
    next: Option<Nanoseconds>,
}

#[derive(Debug)]
enum Way {
    Tcp { address: String, pending: Option<OwnedFd> },
    Appears(Awaited),
    Exec(Asked),
}

impl Probe {
    /// The probe that a unit asks for; `None` where the supervise knows.
    pub fn new(readiness: &Readiness) -> Option<Self> {
        let (way, every) = match readiness {
            Readiness::Notify | Readiness::Descriptor(_) => return None,
            Readiness::Tcp { address, every } => (Way::Tcp { address: address.clone(), pending: None }, *every),
            Readiness::Socket(path) => (Way::appears(Appearance::Socket(path.clone())), AWAITED_EVERY),
            Readiness::File(path) => (Way::appears(Appearance::File(path.clone())), AWAITED_EVERY),
            Readiness::Exec { argv, every } => (Way::Exec(Asked::new(argv.clone())), *every),
        };
        Some(Self { way, every: every.max(LEAST_EVERY), next: None })
    }

    /// When it is to be asked again, whatever happens.
    pub fn next(&self) -> Option<Nanoseconds> {
        self.next
    }

    /// Asks, or goes on asking. To be called at [`Probe::next`], and on every event that may concern it.
    pub fn ask(&mut self, now: Nanoseconds) -> Verdict {
        let every = u64::try_from(self.every.as_nanos()).unwrap_or(u64::MAX);
        let is_due = self.next.is_none_or(|next| next <= now);
        let was_running = self.process().is_some();
        let (is_ready, is_asked_again) = match &mut self.way {
            Way::Appears(awaited) => (awaited.ask(is_due), !awaited.is_running()),
            Way::Tcp { address, pending } => (tcp(address, pending, is_due), true),
            Way::Exec(asked) => (asked.ask(is_due, now), !asked.is_running()),
        };
        if is_ready {
            self.next = None;
            return Verdict::Ready;
        }
        // What ran has answered or was given up, and is asked again after the usual time.
        self.next = match (is_asked_again, is_due || was_running) {
            (false, _) => self.patience(),
            (true, true) => Some(now.saturating_add(every)),
            (true, false) => self.next,
        };
        Verdict::NotYet(self.next)
    }

    /// When the command that is being asked is given up.
    fn patience(&self) -> Option<Nanoseconds> {
        match &self.way {
            Way::Exec(asked) => asked.patience(),
            Way::Tcp { .. } | Way::Appears(_) => None,
        }
    }

    /// The process that is being asked. It is the one to be reaped by [`Probe::ask`].
    pub fn process(&self) -> Option<u32> {
        match &self.way {
            Way::Exec(asked) => asked.process(),
            Way::Tcp { .. } | Way::Appears(_) => None,
        }
    }

    /// The descriptor that tells when to ask, and how: a pending connection is decided, a process has come back.
    pub fn descriptor(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        match &self.way {
            Way::Tcp { pending, .. } => pending.as_ref().map(|socket| (socket.as_fd(), EpollFlags::EPOLLOUT)),
            Way::Appears(awaited) => awaited.descriptor().map(|report| (report, EpollFlags::EPOLLIN)),
            Way::Exec(_) => None,
        }
    }
}

impl Way {
    fn appears(what: Appearance) -> Self {
        Self::Appears(Awaited::new(what))
    }
}

/// Goes on with a pending connection, or begins one if it is time. Answers whether one was accepted.
fn tcp(address: &str, pending: &mut Option<OwnedFd>, is_due: bool) -> bool {
    if let Some(socket) = pending.take() {
        match connect::outcome(socket) {
            Attempt::Accepted => return true,
            Attempt::Pending(socket) => *pending = Some(socket),
            Attempt::Refused | Attempt::Absent => {}
        }
        return false;
    }
    if !is_due {
        return false;
    }
    match connect::tcp(address) {
        Attempt::Accepted => return true,
        Attempt::Pending(socket) => *pending = Some(socket),
        Attempt::Refused | Attempt::Absent => {}
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that says no is asked again after `every`, not when its patience would have ended.
    #[test]
    fn asks_again() {
        let argv = vec!["/bin/false".to_owned()];
        let every = Duration::from_millis(20);
        let mut probe = Probe::new(&Readiness::Exec { argv, every }).unwrap();
        assert!(matches!(probe.ask(0), Verdict::NotYet(Some(_))));
        let start = std::time::Instant::now();
        while probe.process().is_some() {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
            probe.ask(7);
        }
        assert_eq!(probe.next(), Some(20_000_007));
    }
}
