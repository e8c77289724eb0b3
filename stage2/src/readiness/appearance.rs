//! A file that appears, or a socket that somebody begins to listen on, awaited by a process of its own: it may block, and who
//! asks whether it has come back does not.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::connect::{self, Attempt};
use crate::system::scout::Scout;

/// How often a socket that refuses connections is tried again: the kernel has no event for listen(2).
const AGAIN: Duration = Duration::from_millis(20);

/// How often anything is looked for, in ms, whatever inotify says: it has no event for a mount, nor for what a link leads to,
/// and it may be refused.
const AT_LEAST_EVERY: u16 = 1000;

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

    /// Waits until something happens in the nearest directory that exists, or for a second.
    fn wait_for_change(&self) {
        let nearest = self.nearest();
        let Some(inotify) = watch(nearest) else { return sleep(Duration::from_millis(AT_LEAST_EVERY.into())) };
        // What appeared before the watch was there is seen by looking again: the file itself, or a directory on the way.
        if matches!(self.look(), Attempt::Absent) && self.nearest() == nearest {
            let _ = poll(&mut [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)], AT_LEAST_EVERY);
        }
    }

    /// The nearest directory that exists.
    fn nearest(&self) -> &Path {
        let (Self::File(path) | Self::Socket(path)) = self;
        path.ancestors().skip(1).find(|directory| directory.is_dir()).unwrap_or(Path::new("/"))
    }
}

/// Becomes readable when something appears in a directory, or becomes of it; `None` if that cannot be.
fn watch(directory: &Path) -> Option<Inotify> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC).ok()?;
    let moves = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_MOVE_SELF | AddWatchFlags::IN_DELETE_SELF;
    inotify.add_watch(directory, AddWatchFlags::IN_CREATE | moves).ok()?;
    Some(inotify)
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread::spawn;

    use super::*;

    /// What appears without an event is seen too: here it is what a link leads to.
    #[test]
    fn appears_without_event() {
        let directory = tempfile::tempdir().unwrap();
        let (link, file) = (directory.path().join("link"), directory.path().join("elsewhere/file"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let what = Appearance::File(link);
        let (told, change) = channel();
        spawn(move || {
            what.wait_for_change();
            let _ = told.send(what.look());
            what.wait();
            let _ = told.send(what.look());
        });
        let next = || change.recv_timeout(Duration::from_secs(60));
        assert!(matches!(next(), Ok(Attempt::Absent)));
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "").unwrap();
        assert!(matches!(next(), Ok(Attempt::Accepted)));
    }
}
