//! Bounds for what may hang in the kernel: a dead disk or file server must not keep the machine up.
//!
//! What hangs is left to a thread of its own. Nobody waits for it; the end of the system ends it.

use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Work that is under way in a thread of its own.
#[derive(Debug)]
pub struct Task<T> {
    result: Receiver<T>,
    /// The other end is closed when the work is done.
    end: Option<OwnedFd>,
}

impl<T: Send + 'static> Task<T> {
    /// Begins it. Where no thread can start, the work is done at once.
    pub fn start(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (done, result) = mpsc::channel();
        let (end, ours) = pipe2(OFlag::O_CLOEXEC).ok().unzip();
        let work = move || {
            let _ = done.send(work());
            drop(ours);
        };
        let work = Arc::new(Mutex::new(Some(work)));
        let theirs = Arc::clone(&work);
        let started = thread::Builder::new().spawn(move || {
            if let Some(work) = take(&theirs) {
                work();
            }
        });
        if started.is_err()
            && let Some(work) = take(&work)
        {
            work();
        }
        Self { result, end }
    }

    /// A descriptor that becomes readable when the work is done; `None`: there was none left.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.end.as_ref().map(AsFd::as_fd)
    }

    /// What came of it. `None`: it is not done within the limit.
    pub fn result(&self, limit: Duration) -> Option<T> {
        self.result.recv_timeout(limit).ok()
    }
}

/// Does the work in a thread, or itself where none can start. `None`: it is not done within the limit.
pub fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    Task::start(work).result(limit)
}

fn take<T>(shared: &Mutex<Option<T>>) -> Option<T> {
    shared.lock().ok()?.take()
}

/// Acts when no sign of life came for a while: whatever hangs, the system ends.
#[derive(Debug)]
pub struct Watchdog(Sender<()>);

impl Watchdog {
    /// Starts it. Dropping it calls it off.
    pub fn start(limit: Duration, act: impl FnOnce() + Send + 'static) -> Self {
        let (signs, heard) = mpsc::channel();
        let watch = move || {
            loop {
                match heard.recv_timeout(limit) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => return act(),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        // Without memory for a thread there is no watchdog, and the stop goes on.
        let _ = thread::Builder::new().spawn(watch);
        Self(signs)
    }

    /// A sign of life.
    pub fn alive(&self) {
        let _ = self.0.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use supervisor::sys::descriptor::Descriptor;
    use supervisor::sys::event::{EPOLLIN, wait_ready};

    /// What is done in time is told from what is not.
    #[test]
    fn bounds() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let (_keep, never) = mpsc::channel::<()>();
        assert!(within(Duration::from_millis(10), move || never.recv()).is_none());
    }

    /// The end of the work shows at its descriptor.
    #[test]
    fn tells_its_end() {
        let (end, wait) = mpsc::channel::<()>();
        let task = Task::start(move || wait.recv());
        let descriptor = Descriptor(task.descriptor().unwrap().as_raw_fd());
        assert_eq!(wait_ready(descriptor, EPOLLIN, Some(10)), Ok(false));
        end.send(()).unwrap();
        assert_eq!(wait_ready(descriptor, EPOLLIN, Some(60_000)), Ok(true));
        assert_eq!(task.result(Duration::ZERO), Some(Ok(())));
    }

    /// The watchdog acts in silence only.
    #[test]
    fn watchdog() {
        let (acted, wait) = mpsc::channel();
        let dog = Watchdog::start(Duration::from_millis(20), move || acted.send(()).unwrap());
        assert_eq!(wait.recv_timeout(Duration::from_secs(60)), Ok(()));
        drop(dog);
        let (acted, wait) = mpsc::channel();
        let dog = Watchdog::start(Duration::from_secs(60), move || acted.send(()).unwrap());
        dog.alive();
        drop(dog);
        assert_eq!(wait.recv_timeout(Duration::from_secs(30)), Err(RecvTimeoutError::Disconnected));
    }
}
