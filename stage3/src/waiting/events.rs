//! Waiting: for changes in files and for the ends of processes, always with a deadline, never by polling where the kernel
//! tells.
//!
//! One inotify instance says that *something* changed; what is waited for is then looked at again. The kernel tells of a
//! lock's file being closed a moment before the lock is released, so each event is followed by two more looks.

use crate::processes::ends::Ends;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};
use supervisor::paths;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::event::{Awaited, EPOLLIN, wait_any, wait_ready};

/// The looks that follow an event.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(10)];
/// What every deadline becomes after a second `poweroff`.
const HURRIED: Duration = Duration::from_secs(1);
/// What is told of a directory's names.
const NAMES: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_MOVED_FROM);

/// The source of events.
#[derive(Debug)]
pub struct Events {
    inotify: Option<Inotify>,
    hurry: PathBuf,
    hurried: bool,
    /// From then on there is no time left for waiting.
    hurry_at: Option<Instant>,
    /// Whoever types there is heard.
    keyboard: Option<Rc<File>>,
    /// Somebody has typed, which ended the last wait.
    typed: bool,
}

impl Events {
    /// Watches the run directory for a second stage 3.
    pub fn watch(run: &Path) -> Self {
        let mut events = Self {
            inotify: Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok(),
            hurry: run.join(paths::run::STAGE3_HURRY),
            hurried: false,
            hurry_at: None,
            keyboard: None,
            typed: false,
        };
        events.add(run, AddWatchFlags::IN_CREATE);
        events.hurried = events.hurry.exists();
        events
    }

    /// Watches a directory for names that are added or removed, and files that have been written.
    pub fn add_changes(&mut self, path: &Path) {
        self.add(path, NAMES | AddWatchFlags::IN_CLOSE_WRITE);
    }

    /// Watches a directory for names that are added or removed.
    pub fn add_names(&mut self, path: &Path) {
        self.add(path, NAMES);
    }

    /// Watches a file for being closed by who has it open for writing.
    pub fn add_closing(&mut self, path: &Path) {
        self.add(path, AddWatchFlags::IN_CLOSE_WRITE);
    }

    /// Watches a FIFO for being read.
    pub fn add_reads(&mut self, path: &Path) {
        self.add(path, AddWatchFlags::IN_ACCESS);
    }

    /// What cannot be watched is looked at when the deadline comes.
    fn add(&mut self, path: &Path, flags: AddWatchFlags) {
        if let Some(inotify) = &self.inotify {
            let _ = inotify.add_watch(path, flags);
        }
    }

    /// The run directory has another name now.
    pub fn moved(&mut self, run: &Path) {
        self.hurry = run.join(paths::run::STAGE3_HURRY);
    }

    /// A second stage 3 was started, or time is up: every wait is short now.
    pub fn hurried(&self) -> bool {
        self.hurried || self.hurry_at.is_some_and(|at| at <= Instant::now())
    }

    /// Waits are short once this time is over, whatever they are for.
    pub fn hurry_after(&mut self, time: Duration) {
        self.hurry_at = Instant::now().checked_add(time);
    }

    /// From now on a wait ends early when there is something to be read there; `None`: nobody is heard.
    pub fn listen(&mut self, keyboard: Option<Rc<File>>) {
        self.keyboard = keyboard;
        self.typed = false;
    }

    /// The last wait ended because somebody typed.
    pub fn was_typed(&self) -> bool {
        self.typed
    }

    /// Waits until `met` says so. False: the deadline came first.
    pub fn until(&mut self, limit: Duration, mut met: impl FnMut() -> bool) -> bool {
        let start = self.begin();
        let mut looks = Vec::from(LOOK_AGAIN);
        loop {
            if met() {
                return true;
            }
            let Some(left) = self.left(start, limit) else { return false };
            let nap = looks.pop().map_or(left, |look| look.min(left));
            if self.sleep(&[], nap) {
                looks = LOOK_AGAIN.into();
            }
        }
    }

    /// Waits until the processes have ended. False: some have not, and the deadline came.
    pub fn until_ended(&mut self, mut processes: Ends, limit: Duration) -> bool {
        let start = self.begin();
        while !processes.are_over() {
            let Some(left) = self.left(start, limit) else { return false };
            self.sleep(&processes.descriptors(), processes.nap(left));
        }
        true
    }

    /// Waits until a descriptor is readable. False: it is not, and the deadline came, somebody typed, or a second stage 3 was
    /// started just now; one that was started before shortens nothing.
    pub fn until_readable(&mut self, descriptor: BorrowedFd<'_>, limit: Duration) -> bool {
        let (descriptor, start) = (Descriptor(descriptor.as_raw_fd()), self.begin());
        let was_hurried = self.hurried();
        loop {
            if wait_ready(descriptor, EPOLLIN, Some(0)) == Ok(true) {
                return true;
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() || self.typed || self.hurried() != was_hurried {
                return false;
            }
            self.sleep(&[descriptor], left);
        }
    }

    fn begin(&mut self) -> Instant {
        self.typed = false;
        Instant::now()
    }

    /// What is left of a limit; `None`: nothing, or nobody wants to wait for it.
    fn left(&self, start: Instant, limit: Duration) -> Option<Duration> {
        if self.typed {
            return None;
        }
        let limit = if self.hurried() { limit.min(HURRIED) } else { limit };
        let left = limit.checked_sub(start.elapsed()).filter(|left| !left.is_zero())?;
        let until_hurried = self.hurry_at.and_then(|at| at.checked_duration_since(Instant::now()));
        Some(until_hurried.filter(|time| !time.is_zero()).map_or(left, |time| left.min(time)))
    }

    /// Sleeps until something happens or the time is over. True: a file changed.
    fn sleep(&mut self, others: &[Descriptor], time: Duration) -> bool {
        let inotify = self.inotify.iter().map(AsFd::as_fd);
        let own = inotify.chain(self.keyboard.iter().map(AsFd::as_fd)).map(|fd| Descriptor(fd.as_raw_fd()));
        let mut awaited: Vec<_> = others.iter().copied().chain(own).map(Awaited::new).collect();
        let milliseconds = u64::try_from(time.as_micros().div_ceil(1000)).ok();
        if wait_any(&mut awaited, milliseconds).is_err() {
            // Only a lack of memory leads here; the deadline still holds.
            std::thread::sleep(time.min(Duration::from_millis(100)));
        }
        self.typed = self.keyboard.is_some() && awaited.last().is_some_and(|keyboard| keyboard.happened() != 0);
        let changed = self.inotify.as_ref().is_some_and(|inotify| inotify.read_events().is_ok());
        if changed && !self.hurried {
            self.hurried = self.hurry.exists();
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::Process;
    use std::process::{Command, Stdio};

    /// A file that appears ends the wait; without it the deadline does.
    #[test]
    fn sees_a_file_appear() {
        let directory = std::env::temp_dir().join(format!("sunup-stage3-events-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut events = Events::watch(&directory);
        let file = directory.join("file");
        assert!(!events.until(Duration::from_millis(20), || file.exists()));
        let mut child = Command::new("touch").arg(&file).spawn().unwrap();
        assert!(events.until(Duration::from_secs(60), || file.exists()));
        child.wait().unwrap();
        assert!(!events.hurried());
        std::fs::write(directory.join(paths::run::STAGE3_HURRY), "").unwrap();
        let start = Instant::now();
        assert!(!events.until(Duration::from_secs(600), || false));
        assert!(events.hurried() && start.elapsed() < Duration::from_secs(60));
        std::fs::remove_dir_all(directory).unwrap();
    }

    /// When time is up a wait that is under way ends, and the next ones are short.
    #[test]
    fn hurries_by_itself() {
        let mut events = Events::watch(Path::new("/nonexistent"));
        events.hurry_after(Duration::from_millis(1100));
        let start = Instant::now();
        assert!(!events.until(Duration::from_secs(600), || false));
        assert!(events.hurried());
        assert!(!events.until(Duration::from_secs(600), || false));
        assert!(start.elapsed() < Duration::from_secs(60));
    }

    /// Who types ends a wait, for whatever it is, but only while he is listened to.
    #[test]
    fn hears_the_keyboard() {
        let mut events = Events::watch(Path::new("/nonexistent"));
        let (read, write) = nix::unistd::pipe().unwrap();
        nix::unistd::write(&write, b"s").unwrap();
        events.listen(Some(Rc::new(File::from(read))));
        assert!(!events.until(Duration::from_secs(600), || false));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let life = Process::of(child.id()).unwrap().life();
        assert!(!events.until_ended(Ends::of([life]), Duration::from_secs(600)));
        events.listen(None);
        drop(child.stdin.take());
        assert!(events.until_ended(Ends::of([life]), Duration::from_secs(60)));
        child.wait().unwrap();
    }
}
