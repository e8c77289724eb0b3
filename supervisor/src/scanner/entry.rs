//! What the scanner keeps of a service: which directory it is, its supervise, its logger, the pipe between them.
//!
//! A thousand of these stand in process 1's memory, so nothing is kept that the directory itself can tell: a name is read
//! there when something has to be started, and how a supervise has fared only while that matters ([`super::recent`]).

use crate::sys::descriptor::Owned;
use crate::sys::error::Result;
use crate::sys::event::pipe;

/// A supervise that looks after a service or a logger: the pid (the kernel's are below 2^22), and flags above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Member(u32);

/// The bits of the pid.
const PID: u32 = (1 << 22) - 1;

impl Member {
    /// The service is in the directory, so it is to run. Of the service's own member, as the next two.
    pub const WANTED: u32 = 1 << 22;
    /// It was met in the scan that is going on.
    pub const SEEN: u32 = 1 << 23;
    /// There is a logger.
    pub const LOGGED: u32 = 1 << 24;
    /// The process looks after other services as well.
    pub const GROUPED: u32 = 1 << 25;
    /// It was not the one that leaves its service in order: what it had started may be ours now.
    pub const LOST: u32 = 1 << 26;

    /// The pid of the supervise; 0: none.
    pub const fn pid(self) -> u32 {
        self.0 & PID
    }

    /// The flag is set.
    pub const fn is(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    /// Sets or clears a flag.
    pub const fn set(&mut self, flag: u32, on: bool) {
        self.0 = if on { self.0 | flag } else { self.0 & !flag };
    }

    /// A supervise looks after it now; 0: none any more.
    pub const fn set_pid(&mut self, pid: u32, grouped: bool) {
        self.0 = self.0 & !PID | pid & PID;
        self.set(Self::GROUPED, grouped);
    }
}

/// A service of the scan directory: 16 bytes. Its identity is the directory's device and inode, so that a renamed link
/// keeps its process.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    inode: u64,
    /// As the kernel packs it: 12 bits major, 20 minor.
    device: u32,
    /// The service's supervise.
    pub main: Member,
}

/// A service, or its logger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    inode: u64,
    device: u32,
    /// The logger is meant.
    pub is_log: bool,
}

impl Entry {
    /// A service that is to be started.
    pub const fn new(identity: (u64, u64)) -> Self {
        Self { inode: identity.1, device: device(identity.0), main: Member(Member::WANTED | Member::SEEN) }
    }

    /// It is this directory.
    pub const fn is(&self, identity: (u64, u64)) -> bool {
        self.inode == identity.1 && self.device == device(identity.0)
    }

    /// The service, or its logger.
    pub const fn who(&self, is_log: bool) -> Who {
        Who { inode: self.inode, device: self.device, is_log }
    }
}

/// 32 bits of a device number whose major stands in the upper half.
const fn device(number: u64) -> u32 {
    ((number >> 32) as u32) << 20 | number as u32
}

/// Both ends of the pipe from a service to its logger; the scanner keeps them, so that neither's restart loses a line.
#[derive(Debug)]
pub struct Pipe {
    /// The logger's descriptor 0.
    pub read: Owned,
    /// The service's descriptor 1.
    pub write: Owned,
}

impl Pipe {
    /// A new one.
    pub fn new() -> Result<Self> {
        pipe().map(|(read, write)| Self { read, write })
    }
}

/// The logger of a service: 20 bytes.
#[derive(Debug)]
pub struct Logger {
    /// The place of its service in the table.
    pub owner: u32,
    /// Its supervise.
    pub member: Member,
    /// The pipe, until the scanner is told to close it.
    pub pipe: Option<Pipe>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand of them are to take a few pages.
    #[test]
    fn sizes() {
        assert_eq!((size_of::<Entry>(), size_of::<Logger>()), (16, 20));
    }

    /// Flags and pid do not touch each other.
    #[test]
    fn member() {
        let mut entry = Entry::new((8 << 32 | 1, 77));
        entry.main.set_pid(4_194_303, true);
        entry.main.set(Member::SEEN, false);
        assert_eq!(entry.main.pid(), 4_194_303);
        assert!(entry.main.is(Member::WANTED) && entry.main.is(Member::GROUPED) && !entry.main.is(Member::SEEN));
        entry.main.set_pid(0, false);
        assert_eq!(entry.main, Member(Member::WANTED));
        assert!(entry.is((8 << 32 | 1, 77)) && !entry.is((8 << 32 | 2, 77)) && !entry.is((8 << 32 | 1, 78)));
        assert_ne!(entry.who(false), entry.who(true));
    }
}
