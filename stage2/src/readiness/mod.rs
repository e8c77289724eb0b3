//! Finding out that a longrun is ready, where it does not say so itself.
//!
//! A [`Probe`] never blocks. Files and sockets are awaited by inotify on the nearest directory that exists; `tcp` and
//! `exec` are asked again every so often, as the unit says. A socket that exists but is not listened to yet is asked
//! again as well: the kernel has no event for listen(2).

mod connect;
mod exec;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use units::Readiness;

use crate::engine::event::Nanoseconds;
use connect::Attempt;
use exec::Asked;

/// How often a socket file that refuses connections is asked again.
const SOCKET_EVERY: Duration = Duration::from_millis(20);
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
    Socket(PathBuf),
    File(PathBuf),
    Exec(Asked),
}

impl Probe {
    /// The probe that a unit asks for; `None` where the supervise knows.
    pub fn new(readiness: &Readiness) -> Option<Self> {
        let (way, every) = match readiness {
            Readiness::Notify | Readiness::Descriptor(_) => return None,
            Readiness::Tcp { address, every } => (Way::Tcp { address: address.clone(), pending: None }, *every),
            Readiness::Socket(path) => (Way::Socket(path.clone()), SOCKET_EVERY),
            Readiness::File(path) => (Way::File(path.clone()), SOCKET_EVERY),
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
            Way::File(path) => (path.exists(), false),
            Way::Socket(path) => match connect::unix(path) {
                Attempt::Accepted => (true, false),
                Attempt::Refused => (false, true),
                Attempt::Absent | Attempt::Pending(_) => (false, false),
            },
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
            Way::Tcp { .. } | Way::Socket(_) | Way::File(_) => None,
        }
    }

    /// The process that is being asked. It is the one to be reaped by [`Probe::ask`].
    pub fn process(&self) -> Option<u32> {
        match &self.way {
            Way::Exec(asked) => asked.process(),
            Way::Tcp { .. } | Way::Socket(_) | Way::File(_) => None,
        }
    }

    /// The descriptor that becomes writable when a pending connection is decided.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.way {
            Way::Tcp { pending, .. } => pending.as_ref().map(AsFd::as_fd),
            Way::Socket(_) | Way::File(_) | Way::Exec(_) => None,
        }
    }

    /// The directory to be watched for what is awaited: the nearest that exists.
    pub fn directory(&self) -> Option<&Path> {
        match &self.way {
            Way::Socket(path) | Way::File(path) => path.ancestors().skip(1).find(|directory| directory.is_dir()),
            Way::Tcp { .. } | Way::Exec(_) => None,
        }
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
