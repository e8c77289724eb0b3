//! Waits for states of services.
//!
//! It never polls: inotify on each `supervise` directory tells that `status` was replaced, which every supervise of the
//! family does by rename, and the write end of `ok`, held open, tells by POLLERR that the supervise has ended. Both are
//! in place before the first look, so that no change is missed.

use super::announces::announces_readiness;
use super::goal::{Goal, Verdict};
use super::ok;
use super::record::Record;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use supervisor::paths::service;

/// Why a service that could still get there did not.
pub const TIMED_OUT: &str = "timed out";

/// A service that is waited for.
struct Waited {
    name: String,
    directory: PathBuf,
    before: Option<Record>,
    can_notify: bool,
    supervise: Option<OwnedFd>,
    verdict: Verdict,
}

impl Waited {
    /// The record of the service; `None` when no supervise runs and its process is gone as well.
    fn look(&mut self) -> io::Result<Option<Record>> {
        if self.supervise.is_none() {
            self.supervise = open_supervise(&self.directory)?;
        }
        let record = match Record::of(&self.directory) {
            Ok(Some(record)) => record,
            Ok(None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "bad format")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok((self.supervise.is_some() || process_exists(record.status.pid)).then_some(record))
    }
}

/// Several services and the watch over them.
pub struct Wait {
    inotify: Inotify,
    goal: Goal,
    /// A service that announces no readiness is never ready; otherwise it is once it is up.
    needs_word: bool,
    services: Vec<Waited>,
}

impl Wait {
    /// Prepares to wait for a state, without services yet. `needs_word`: who announces no readiness is never ready.
    pub fn new(goal: Goal, needs_word: bool) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self { inotify, goal, needs_word, services: Vec::new() })
    }

    /// Watches a service and remembers its present state. `name` is for messages.
    pub fn add(&mut self, name: String, directory: PathBuf) -> io::Result<()> {
        self.inotify.add_watch(&directory.join(service::SUPERVISE), AddWatchFlags::IN_MOVED_TO)?;
        let can_notify = announces_readiness(&directory);
        let verdict = Verdict::NotYet;
        let mut waited = Waited { name, directory, before: None, can_notify, supervise: None, verdict };
        waited.before = waited.look()?;
        waited.can_notify &= waited.before.is_none_or(|record| record.knows_readiness());
        waited.can_notify |= self.needs_word;
        self.services.push(waited);
        Ok(())
    }

    /// Waits until every service (or, if `any`, one) got there, or none can any more; at most `timeout`.
    ///
    /// Returns the names of those that did not get there, with the reason.
    pub fn run(mut self, timeout: Option<Duration>, any: bool) -> io::Result<Vec<(String, &'static str)>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            self.judge_all()?;
            if self.is_decided(any) {
                break;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            self.wait_for_event(left)?;
        }
        Ok(self.missing(any))
    }

    /// Looks at every service that is not decided yet. Having reached the state once is enough.
    fn judge_all(&mut self) -> io::Result<()> {
        for waited in self.services.iter_mut().filter(|waited| waited.verdict == Verdict::NotYet) {
            let now = waited.look()?;
            waited.verdict = self.goal.judge(waited.before.as_ref(), now.as_ref(), waited.can_notify);
        }
        Ok(())
    }

    fn is_decided(&self, any: bool) -> bool {
        let reached = self.services.iter().any(|waited| waited.verdict == Verdict::Reached);
        any && reached || self.services.iter().all(|waited| waited.verdict != Verdict::NotYet)
    }

    fn missing(self, any: bool) -> Vec<(String, &'static str)> {
        if any && self.services.iter().any(|waited| waited.verdict == Verdict::Reached) {
            return Vec::new();
        }
        let reason = |verdict| match verdict {
            Verdict::Reached => None,
            Verdict::NotYet => Some(TIMED_OUT),
            Verdict::Never(reason) => Some(reason),
        };
        self.services.into_iter().filter_map(|waited| Some((waited.name, reason(waited.verdict)?))).collect()
    }

    /// Blocks until a record was replaced, a supervise has ended, or the time is over.
    fn wait_for_event(&mut self, left: Option<Duration>) -> io::Result<()> {
        // Rounded up, lest the last millisecond be spent spinning.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let held = self.services.iter().filter_map(|waited| waited.supervise.as_ref());
        let mut polled = vec![PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)];
        polled.extend(held.map(|fifo| PollFd::new(fifo.as_fd(), PollFlags::empty())));
        match poll(&mut polled, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended: Vec<bool> = polled[1..].iter().map(|fd| fd.any().unwrap_or(false)).collect();
        let holders = self.services.iter_mut().filter(|waited| waited.supervise.is_some());
        for (waited, _) in holders.zip(ended).filter(|(_, ended)| *ended) {
            waited.supervise = None;
        }
        match self.inotify.read_events() {
            Ok(_) | Err(Errno::EAGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The FIFO of a running supervise; `None` when none runs.
fn open_supervise(directory: &Path) -> io::Result<Option<OwnedFd>> {
    match ok::open_ok(directory) {
        Ok(fifo) => Ok(Some(fifo)),
        Err(Errno::ENXIO | Errno::ENOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// True when a process with this number exists: its supervise may have been killed without it.
fn process_exists(pid: u32) -> bool {
    pid != 0 && Path::new(&format!("/proc/{pid}")).exists()
}
