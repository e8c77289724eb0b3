//! One entry of the scan directory: a service, its logger if it has one, and the pipe between them.

use crate::sys::descriptor::Owned;

use super::names::Name;

/// Nobody's place in the table of loggers.
pub const NO_LOGGER: u32 = u32::MAX;
/// ns in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// ms in a second: two starts of a supervise are that far apart, but for its first death.
const SECOND: u32 = 1000;
/// The longest pause (s) after a supervise that leaves at once, which the wrapper does while the machine stops.
const LONGEST: u8 = 60;

/// A supervise, running or to be started.
///
/// Times are ms of CLOCK_MONOTONIC, cut to 32 bits: a thousand of these stand in process 1's memory, and no comparison
/// spans more than 24 days, but for the question whether one lived shorter than a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its pid; 0: none.
    pub pid: u32,
    /// When it was started, or, while there is none, when it may be started.
    at: u32,
    /// The pause (s) after one that left at once.
    pause: u8,
    /// It has died before.
    died: bool,
    /// Its service is in the directory, so it is to run.
    pub wanted: bool,
}

const fn milliseconds(now: u64) -> u32 {
    (now / MILLISECOND) as u32
}

impl Process {
    /// One that is to be started at once.
    pub const fn new(now: u64) -> Self {
        Self { pid: 0, at: milliseconds(now), pause: 0, died: false, wanted: true }
    }

    /// ms from now until it may be started; negative: it might have been.
    const fn left(&self, now: u64) -> i32 {
        self.at.wrapping_sub(milliseconds(now)).cast_signed()
    }

    /// It is time to start it.
    pub const fn is_due(&self, now: u64) -> bool {
        self.wanted && self.pid == 0 && self.left(now) <= 0
    }

    /// When (ns) it is to be started, if it is.
    pub fn due(&self, now: u64) -> Option<u64> {
        let left = u64::from(self.left(now).max(0).unsigned_abs());
        // Whole ms, so that it is due then and not a moment later.
        (self.wanted && self.pid == 0).then(|| (now / MILLISECOND + left) * MILLISECOND)
    }

    /// It was started.
    pub const fn start(&mut self, pid: u32, now: u64) {
        self.pid = pid;
        self.at = milliseconds(now);
    }

    /// It could not be started.
    pub const fn not_started(&mut self, now: u64) {
        self.at = milliseconds(now).wrapping_add(SECOND);
    }

    /// What it needs cannot wait: it may be started at once.
    pub const fn hasten(&mut self, now: u64) {
        if self.pid == 0 {
            self.at = milliseconds(now);
        }
    }

    /// It ended. `orderly`: with exit code 0.
    pub fn end(&mut self, orderly: bool, now: u64) {
        let lived = milliseconds(now).wrapping_sub(self.at);
        self.pause = match (orderly, lived < SECOND) {
            (true, true) => self.pause.saturating_mul(2).clamp(1, LONGEST),
            _ => 1,
        };
        let pause = if self.died { u32::from(self.pause) * SECOND } else { 0 };
        self.at = milliseconds(now).wrapping_add(pause.saturating_sub(lived));
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

/// A service of the scan directory: 32 bytes. Its identity is the directory's device and inode, so that a renamed link
/// keeps its process.
#[derive(Debug)]
pub struct Entry {
    inode: u64,
    /// As the kernel packs it: 12 bits major, 20 minor.
    device: u32,
    /// The name it was found under last.
    pub name: Name,
    /// The logger's place in the table of loggers, or [`NO_LOGGER`].
    pub logger: u32,
    /// The service's supervise.
    pub main: Process,
}

impl Entry {
    /// A service that is to be started.
    pub const fn new(identity: (u64, u64), name: Name, now: u64) -> Self {
        let device = device(identity.0);
        Self { inode: identity.1, device, name, logger: NO_LOGGER, main: Process::new(now) }
    }

    /// Device and inode.
    pub const fn identity(&self) -> (u64, u64) {
        (((self.device >> 20) as u64) << 32 | (self.device & 0xf_ffff) as u64, self.inode)
    }

    /// It is this directory.
    pub const fn is(&self, identity: (u64, u64)) -> bool {
        self.inode == identity.1 && self.device == device(identity.0)
    }
}

/// 32 bits of a device number whose major stands in the upper half.
const fn device(number: u64) -> u32 {
    ((number >> 32) as u32) << 20 | number as u32
}

/// The logger of a service: 24 bytes.
#[derive(Debug)]
pub struct Logger {
    /// Its supervise.
    pub process: Process,
    /// The pipe, until the scanner is told to close it.
    pub pipe: Option<Pipe>,
}

impl Logger {
    /// When (ns) it is to be started; without a pipe, never.
    pub fn due(&self, now: u64) -> Option<u64> {
        self.pipe.as_ref().and_then(|_| self.process.due(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ns in a second.
    const S: u64 = 1_000_000_000;

    /// A thousand of them are to take a few pages.
    #[test]
    fn sizes() {
        assert_eq!((size_of::<Entry>(), size_of::<Logger>()), (32, 24));
    }

    /// The first death is made good at once, later ones a second after the last start.
    #[test]
    fn deaths() {
        let mut process = Process::new(0);
        assert!(process.is_due(0));
        process.start(5, 100 * S);
        assert_eq!(process.due(100 * S), None);
        process.end(false, 100 * S);
        assert!(process.is_due(100 * S));
        process.start(6, 100 * S);
        process.end(false, 100 * S + 1);
        assert_eq!(process.due(100 * S + 1), Some(101 * S));
        assert!(!process.is_due(101 * S - 1) && process.is_due(101 * S));
        process.start(7, 101 * S);
        process.end(false, 109 * S);
        assert_eq!(process.due(109 * S), Some(109 * S));
    }

    /// A supervise that leaves at once again and again is asked less and less often, up to once a minute.
    #[test]
    fn orderly_exits_back_off() {
        let mut now = 100 * S;
        let mut process = Process::new(now);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            process.start(5, now);
            process.end(true, now);
            let due = process.due(now).unwrap();
            pauses.push((due - now) / S);
            now = due;
        }
        assert_eq!(pauses, [0, 2, 4, 8, 16, 32, 60, 60, 60]);
        process.start(5, now);
        process.end(false, now);
        assert_eq!(process.due(now), Some(now + S), "a crash is no leaving");
    }

    /// The 32-bit clock may wrap in between.
    #[test]
    fn clock_wraps() {
        let wrap = (1u64 << 32) * MILLISECOND;
        let mut process = Process::new(wrap - S);
        process.start(5, wrap - S / 4);
        process.end(false, wrap - S / 4);
        process.start(6, wrap - S / 4);
        process.end(false, wrap - S / 8);
        assert_eq!(process.due(wrap), Some(wrap + 3 * S / 4));
        assert!(!process.is_due(wrap) && process.is_due(wrap + 3 * S / 4));
    }
}
