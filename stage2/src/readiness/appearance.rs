//! A file that appears, or a socket that somebody begins to listen on, awaited by a process of its own: it may block, and who
//! asks whether it has come back does not.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::event::signal_next_arrival;
use supervisor::sys::signal::{SIGIO, Signals, set_blocked, take_within};

use super::connect::{self, Attempt};
use crate::system::scout::Scout;

/// How often a socket that refuses connections is tried again: the kernel has no event for listen(2).
const AGAIN: Duration = Duration::from_millis(20);

/// How often anything is looked for, in ms, whatever directories tell: they do not tell of a mount, of their own move or removal,
/// nor of what a link leads to, and a kernel may have been built without that.
const AT_LEAST_EVERY: u32 = 1000;

/// What is awaited.
#[derive(Clone, Debug)]
pub(super) enum Appearance {
    /// There is a file.
    File(PathBuf),
    /// Somebody listens on a socket file.
    Socket(PathBuf),
}

impl Appearance {
    /// Returns once it is so. Only for a process of its own: all signals are blocked from then on.
    fn wait(&self) {
        let _ = set_blocked(Signals::ALL);
        loop {
            match self.look() {
                Attempt::Accepted => return,
                Attempt::Absent => self.wait_for_change(),
                Attempt::Refused | Attempt::Pending(_) => sleep(AGAIN),
            }
        }
    }

    fn look(&self) -> Attempt {
        match self {
            Self::File(path) if path.exists() => Attempt::Accepted,
            Self::File(_) => Attempt::Absent,
            Self::Socket(path) => connect::unix(path),
        }
    }

    /// Waits until something comes to the nearest directory that exists; or for a second.
    fn wait_for_change(&self) {
        let nearest = self.nearest();
        // It tells as long as it is open.
        let _open = listen_to(nearest);
        // What appeared before it told is seen by looking again: the file itself, or a directory on the way.
        if matches!(self.look(), Attempt::Absent) && self.nearest() == nearest {
            take_within(Signals::of(&[SIGIO]), AT_LEAST_EVERY);
        }
    }

    /// The nearest directory that exists.
    fn nearest(&self) -> &Path {
        let (Self::File(path) | Self::Socket(path)) = self;
        path.ancestors().skip(1).find(|directory| directory.is_dir()).unwrap_or(Path::new("/"))
    }
}

/// Has a directory tell us, by SIGIO, when something comes to it; `None` if it cannot.
fn listen_to(directory: &Path) -> Option<OwnedFd> {
    let directory = open(directory, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    signal_next_arrival(Descriptor(directory.as_raw_fd())).ok()?;
    Some(directory)
}

/// Its process, while there is one.
#[derive(Debug)]
pub(super) struct Awaited {
    what: Appearance,
    scout: Option<Scout<()>>,
}

impl Awaited {
    /// Nobody waits for it yet.
    pub fn new(what: Appearance) -> Self {
        Self { what, scout: None }
    }

    /// Somebody waits for it.
    pub fn is_running(&self) -> bool {
        self.scout.is_some()
    }

    /// Becomes readable when it is to be asked.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.scout.as_ref().map(AsFd::as_fd)
    }

    /// Whether it is so; else sends somebody who waits for it, if nobody does and it is time.
    pub fn ask(&mut self, is_due: bool) -> bool {
        match &self.scout {
            Some(scout) if scout.is_back() => self.scout.take().is_some_and(|scout| scout.report().is_some()),
            Some(_) => false,
            None => {
                self.scout = is_due.then(|| Scout::send(|| self.what.wait()).ok()).flatten();
                false
            }
        }
    }
}
