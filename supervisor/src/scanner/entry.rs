//! One entry of the scan directory: a service, its logger if it has one, and the pipe between them.

use crate::sys::descriptor::Owned;
use crate::sys::event::pipe;

use super::names::Name;

/// ns in a second: two starts of a supervise are that far apart, but for its first death.
const SECOND: u64 = 1_000_000_000;
/// The longest pause (ns) after a supervise that leaves at once, which the wrapper does while the machine stops.
const LONGEST: u64 = 60 * SECOND;

/// A supervise, running or to be started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its pid; 0: none.
    pub pid: u32,
    /// When it was last started (monotonic ns).
    started: u64,
    /// When it may be started (monotonic ns), while there is none.
    next: u64,
    /// The pause after one that left at once.
    pause: u64,
    /// It has died before.
    died: bool,
}

impl Process {
    /// It is time to start it.
    pub const fn is_due(&self, now: u64) -> bool {
        self.pid == 0 && self.next <= now
    }

    /// When it is to be started, if there is none.
    pub fn due(&self) -> Option<u64> {
        (self.pid == 0).then_some(self.next)
    }

    /// It was started.
    pub const fn start(&mut self, pid: u32, now: u64) {
        self.pid = pid;
        self.started = now;
    }

    /// It could not be started.
    pub const fn not_started(&mut self, now: u64) {
        self.next = now + SECOND;
    }

    /// It ended. `orderly`: with exit code 0.
    pub fn end(&mut self, orderly: bool, now: u64) {
        let lived = now.saturating_sub(self.started);
        self.pause = match (orderly, lived < SECOND) {
            (true, true) => (self.pause * 2).clamp(SECOND, LONGEST),
            _ => SECOND,
        };
        self.next = if self.died { now.max(self.started + self.pause) } else { now };
        self.died = true;
        self.pid = 0;
    }
}

/// Both ends of the pipe from a service to its logger; the scanner keeps them, so that neither's restart loses a line.
#[derive(Debug)]
pub struct Pipe {
    /// The logger's descriptor 0.
    pub read: Owned,
    /// The service's descriptor 1.
    pub write: Owned,
}

/// An entry. Its identity is the directory's device and inode, so that a renamed link keeps its process.
#[derive(Debug)]
pub struct Entry {
    /// Device and inode of the service directory.
    pub identity: (u64, u64),
    /// The name it was found under last.
    pub name: Name,
    /// The last scan has seen it.
    pub present: bool,
    /// The service's supervise.
    pub main: Process,
    /// The logger's supervise.
    pub log: Option<Process>,
    /// The pipe, until the scanner is told to close it.
    pub pipe: Option<Pipe>,
}

impl Entry {
    /// No supervise of it is alive.
    pub fn is_dead(&self) -> bool {
        self.main.pid == 0 && self.log.is_none_or(|log| log.pid == 0)
    }

    /// An entry that was told to end, is gone, and has come back needs a new pipe.
    pub fn reopen(&mut self) {
        if self.log.is_some() && self.pipe.is_none() && self.is_dead() {
            self.pipe = pipe().ok().map(|(read, write)| Pipe { read, write });
        }
    }

    /// The supervise with this pid.
    pub fn process(&mut self, pid: u32) -> Option<&mut Process> {
        if self.main.pid == pid { Some(&mut self.main) } else { self.log.as_mut().filter(|log| log.pid == pid) }
    }

    /// When something of it is to be started.
    pub fn due(&self) -> Option<u64> {
        if !self.present {
            return None;
        }
        let log = self.log.filter(|_| self.pipe.is_some()).and_then(|log| log.due());
        match (self.main.due(), log) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first death is made good at once, later ones a second after the last start.
    #[test]
    fn deaths() {
        let mut process = Process::default();
        assert!(process.is_due(0));
        process.start(5, 100 * SECOND);
        assert_eq!(process.due(), None);
        process.end(false, 100 * SECOND + 1);
        assert_eq!(process.due(), Some(100 * SECOND + 1));
        process.start(6, 100 * SECOND + 1);
        process.end(false, 100 * SECOND + 2);
        assert_eq!(process.due(), Some(101 * SECOND + 1));
        process.start(7, 101 * SECOND + 1);
        process.end(false, 109 * SECOND);
        assert_eq!(process.due(), Some(109 * SECOND));
    }

    /// A supervise that leaves at once again and again is asked less and less often, up to once a minute.
    #[test]
    fn orderly_exits_back_off() {
        let mut process = Process::default();
        let mut now = 100 * SECOND;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            process.start(5, now);
            process.end(true, now);
            pauses.push((process.due().unwrap() - now) / SECOND);
            now = process.due().unwrap();
        }
        assert_eq!(pauses, [0, 2, 4, 8, 16, 32, 60, 60, 60]);
        process.start(5, now);
        process.end(false, now);
        assert_eq!(process.due(), Some(now + SECOND), "a crash is no leaving");
    }
}
