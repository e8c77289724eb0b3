//! Bounds for what may hang in the kernel: a dead disk or file server must not keep the machine up.
//!
//! What hangs is left to a thread of its own. Nobody waits for it; the end of the system ends it.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often a slow disk's progress is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// Looks until even a disk that makes progress is left: 10 minutes.
const LOOKS: u32 = 60;

/// Does the work in a thread, or itself where none can start. `None`: it is not done within the limit.
pub fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    within_while(limit, || false, work)
}

/// The same, and goes on waiting while `progresses` says so when the limit comes.
fn within_while<T: Send + 'static>(
    limit: Duration,
    mut progresses: impl FnMut() -> bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = mpsc::channel();
    let ours = Arc::new(Mutex::new(Some(work)));
    let theirs = Arc::clone(&ours);
    let started = thread::Builder::new().spawn(move || {
        if let Some(work) = take(&theirs) {
            let _ = done.send(work());
        }
    });
    if started.is_err() {
        return take(&ours).map(|work| work());
    }
    loop {
        match wait.recv_timeout(limit) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Timeout) if progresses() => {}
            Err(_) => return None,
        }
    }
}

fn take<T>(shared: &Mutex<Option<T>>) -> Option<T> {
    shared.lock().ok()?.take()
}

/// Writes to disks: given up once nothing more reached any disk between two looks, after `patience` at the earliest.
pub fn while_writing<T: Send + 'static>(
    patience: Duration,
    dog: &Watchdog,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let mut least = waiting_bytes();
    let mut idle = Duration::ZERO;
    let mut looks = LOOKS;
    let progresses = || {
        dog.alive();
        let now = waiting_bytes();
        idle = if now < least { Duration::ZERO } else { idle + LOOK };
        least = least.min(now);
        looks -= 1;
        looks > 0 && idle < patience
    };
    within_while(LOOK, progresses, work)
}

/// What the kernel has still to write, in kB.
fn waiting_bytes() -> u64 {
    unwritten(&fs::read_to_string("/proc/meminfo").unwrap_or_default())
}

fn unwritten(table: &str) -> u64 {
    let keys = ["Dirty:", "Writeback:", "NFS_Unstable:"];
    let lines = table.lines().filter(|line| keys.iter().any(|key| line.starts_with(key)));
    lines.filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()).sum()
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

    /// What is done in time is told from what is not.
    #[test]
    fn bounds() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let (_keep, never) = mpsc::channel::<()>();
        assert!(within(Duration::from_millis(10), move || never.recv()).is_none());
    }

    /// Work that makes progress gets more time, as often as it does.
    #[test]
    fn progress_buys_time() {
        let (end, wait) = mpsc::channel();
        let mut looks = 0;
        let progresses = || {
            looks += 1;
            if looks == 3 {
                end.send(()).unwrap();
            }
            true
        };
        assert_eq!(within_while(Duration::from_millis(10), progresses, move || wait.recv()), Some(Ok(())));
        assert_eq!(unwritten("MemFree: 9 kB\nDirty:   12 kB\nWriteback:  30 kB\nWritebackTmp: 7 kB\n"), 42);
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
