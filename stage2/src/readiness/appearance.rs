//! A file that appears, or a socket that somebody begins to listen on, awaited by a process of its own: it may block, and who
//! asks whether it has come back does not.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::connect::{self, Attempt};
use crate::system::scout::Scout;

/// How often a socket that refuses connections is tried again: the kernel has no event for listen(2).
const AGAIN: Duration = Duration::from_millis(20);

/// What is awaited.
#[derive(Clone, Debug)]
pub(super) enum Appearance {
    /// There is a file.
    File(PathBuf),
    /// Somebody listens on a socket file.
    Socket(PathBuf),
}

impl Appearance {
    /// Returns once it is so.
    fn wait(&self) {
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

    /// Waits until something happens in the nearest directory that exists.
    fn wait_for_change(&self) {
        let (Self::File(path) | Self::Socket(path)) = self;
        let Ok(inotify) = Inotify::init(InitFlags::IN_CLOEXEC) else { return sleep(AGAIN) };
        let nearest = path.ancestors().skip(1).find(|directory| directory.is_dir()).unwrap_or(Path::new("/"));
        let moves = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_MOVE_SELF | AddWatchFlags::IN_DELETE_SELF;
        if inotify.add_watch(nearest, AddWatchFlags::IN_CREATE | moves).is_err() {
            return sleep(AGAIN);
        }
        // What appeared before the watch was there is seen by looking again.
        if matches!(self.look(), Attempt::Absent) {
            let _ = inotify.read_events();
        }
    }
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
