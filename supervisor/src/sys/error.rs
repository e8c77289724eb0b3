//! The error of a system call, in daemontools' words, so that scripts that compare messages of its programs keep working.

use core::fmt::{self, Display, Formatter};

/// What a system call answers.
pub type Result<T> = core::result::Result<T, Errno>;

/// An error number of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub u16);

impl Errno {
    /// Operation not permitted.
    pub const EPERM: Self = Self(1);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// No such process.
    pub const ESRCH: Self = Self(3);
    /// Interrupted by a signal.
    pub const EINTR: Self = Self(4);
    /// No reader, or no such device.
    pub const ENXIO: Self = Self(6);
    /// Not executable by this kernel.
    pub const ENOEXEC: Self = Self(8);
    /// Not open, or not for this.
    pub const EBADF: Self = Self(9);
    /// No child.
    pub const ECHILD: Self = Self(10);
    /// It would block.
    pub const EAGAIN: Self = Self(11);
    /// Out of memory.
    pub const ENOMEM: Self = Self(12);
    /// Permission denied.
    pub const EACCES: Self = Self(13);
    /// Busy.
    pub const EBUSY: Self = Self(16);
    /// It exists.
    pub const EEXIST: Self = Self(17);
    /// Not a directory.
    pub const ENOTDIR: Self = Self(20);
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// No descriptor left in the whole system.
    pub const ENFILE: Self = Self(23);
    /// No descriptor left.
    pub const EMFILE: Self = Self(24);
    /// Disk full.
    pub const ENOSPC: Self = Self(28);
    /// Nobody reads.
    pub const EPIPE: Self = Self(32);
    /// Name too long.
    pub const ENAMETOOLONG: Self = Self(36);
    /// The kernel lacks it.
    pub const ENOSYS: Self = Self(38);
    /// Too many symbolic links, or one where none may be.
    pub const ELOOP: Self = Self(40);
    /// It is no FIFO. No call says so, but [`tell_at`](super::files::tell_at) does.
    pub const ENOSTR: Self = Self(60);

    /// There is too little of something: it says nothing about the file, and may pass.
    pub const fn is_shortage(self) -> bool {
        matches!(self, Self::EMFILE | Self::ENFILE | Self::ENOMEM)
    }

    /// An answer, or none for a reason that says so; what has to be told later stays an error.
    pub fn known<T>(answer: Result<T>) -> Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(errno) if errno.is_shortage() => Err(errno),
            Err(_) => Ok(None),
        }
    }

    /// The words for it; empty for a number that has none.
    pub fn words(self) -> &'static str {
        let at = match self.0 {
            0 => None,
            number @ 1..=40 => Some(usize::from(number) - 1),
            number => LATER.iter().position(|&later| later == number).map(|at| 40 + at),
        };
        at.and_then(|at| WORDS.split('\n').nth(at)).unwrap_or("")
    }
}

impl Display for Errno {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.words() {
            "" => write!(f, "unknown error {}", self.0),
            text => f.write_str(text),
        }
    }
}

/// The number, of which everybody else's library makes its own error.
impl From<Errno> for i32 {
    fn from(errno: Errno) -> Self {
        Self::from(errno.0)
    }
}

impl From<syscalls::Errno> for Errno {
    fn from(errno: syscalls::Errno) -> Self {
        Self(errno.into_raw() as u16)
    }
}

/// The errors that have words beyond the first forty, which all have some.
const LATER: [u16; 21] =
    [60, 61, 74, 75, 80, 90, 95, 97, 98, 99, 104, 105, 107, 110, 111, 113, 116, 117, 121, 122, 123];

/// The words, a line each: of 1 to 40, then of [`LATER`].
const WORDS: &str = "\
permission denied
file does not exist
no such process
interrupted system call
input/output error
device not configured
argument list too long
exec format error
file descriptor not open
no child processes
temporary failure
out of memory
access denied
bad address
not a block device
device busy
file already exists
cross-device link
device does not support operation
not a directory
is a directory
invalid argument
system cannot open more files
process cannot open more files
not a tty
text busy
file too big
out of disk space
unseekable descriptor
read-only file system
too many links
broken pipe
input out of range
output out of range
operation would cause deadlock
file name too long
no locks available
system call not available
directory not empty
symbolic link loop
not a FIFO
no data available
bad message type
value too large
corrupted shared library
message too long
operation not supported
address family not supported
address already used
address not available
connection reset
out of buffer space
not connected
timed out
connection refused
host unreachable
stale NFS file handle
structure needs cleaning
remote input/output error
disk quota exceeded
no medium found";

#[cfg(test)]
mod tests {
    use super::*;

    /// No line is missing, and what has no word has its number.
    #[test]
    fn words() {
        assert_eq!(WORDS.lines().count(), 40 + LATER.len());
        for (number, word) in [(1, "permission denied"), (40, "symbolic link loop"), (60, "not a FIFO")] {
            assert_eq!(Errno(number).to_string(), word);
        }
        for (number, word) in [(95, "operation not supported"), (111, "connection refused"), (123, "no medium found")] {
            assert_eq!(Errno(number).words(), word);
        }
        for number in [0, 41, 999] {
            assert_eq!(Errno(number).to_string(), format!("unknown error {number}"));
        }
    }
}
