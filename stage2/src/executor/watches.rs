//! One inotify descriptor for everything that the executor waits for in the file system.

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use crate::engine::event::UnitIndex;

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Interest {
    /// A longrun's status record may have changed.
    Status(UnitIndex),
    /// A request may have come.
    Requests,
    /// The early getty may be down.
    GettyEarly,
}

/// The watches.
pub(super) struct Watches {
    inotify: Inotify,
    interests: HashMap<WatchDescriptor, Vec<Interest>>,
}

impl Watches {
    /// None yet.
    pub fn new() -> Result<Self, Errno> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self { inotify, interests: HashMap::new() })
    }

    /// Watches a directory; several may watch the same one.
    pub fn add(&mut self, directory: &Path, interest: Interest) -> Result<(), Errno> {
        // One inode has one watch, so all have to be for the same events.
        let events = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_MOVE_SELF;
        let watch = self.inotify.add_watch(directory, events | AddWatchFlags::IN_DELETE_SELF)?;
        let interests = self.interests.entry(watch).or_default();
        if !interests.contains(&interest) {
            interests.push(interest);
        }
        Ok(())
    }

    /// Forgets everything about units: their numbers mean something else from now on.
    pub fn forget_units(&mut self) {
        for interests in self.interests.values_mut() {
            interests.retain(|interest| matches!(interest, Interest::Requests | Interest::GettyEarly));
        }
        let (inotify, interests) = (&self.inotify, &mut self.interests);
        interests.retain(|watch, interests| !interests.is_empty() || inotify.rm_watch(*watch).is_err());
    }

    /// Who is to look now, each once. When the kernel lost events, everybody.
    pub fn read(&mut self) -> Vec<Interest> {
        let mut woken: HashSet<Interest> = HashSet::new();
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                let lost = event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW);
                let everybody = self.interests.values().filter(|_| lost).flatten();
                let concerned = self.interests.get(&event.wd).into_iter().flatten();
                woken.extend(concerned.chain(everybody));
                if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                    self.interests.remove(&event.wd);
                }
            }
        }
        woken.into_iter().collect()
    }
}

impl AsFd for Watches {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
