//! The error of a system call, with the text that the C library's strerror gives it.

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

    /// The words for it; empty for a number that no file operation answers.
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
            "" => write!(f, "Unknown error {}", self.0),
            text => f.write_str(text),
        }
    }
}

impl From<syscalls::Errno> for Errno {
    fn from(errno: syscalls::Errno) -> Self {
        Self(errno.into_raw() as u16)
    }
}

/// The errors that have words beyond the first forty, which all have some.
const LATER: [u16; 12] = [61, 75, 80, 95, 97, 98, 99, 107, 110, 111, 116, 122];

/// The words, a line each: of 1 to 40, then of [`LATER`]. Spelled as the C library spells them, so that scripts that look
/// for a text find it.
const WORDS: &str = "\
Operation not permitted
No such file or directory
No such process
Interrupted system call
Input/output error
No such device or address
Argument list too long
Exec format error
Bad file descriptor
No child processes
Resource temporarily unavailable
Cannot allocate memory
Permission denied
Bad address
Block device required
Device or resource busy
File exists
Invalid cross-device link
No such device
Not a directory
Is a directory
Invalid argument
Too many open files in system
Too many open files
Inappropriate ioctl for device
Text file busy
File too large
No space left on device
Illegal seek
Read-only file system
Too many links
Broken pipe
Numerical argument out of domain
Numerical result out of range
Resource deadlock avoided
File name too long
No locks available
Function not implemented
Directory not empty
Too many levels of symbolic links
No data available
Value too large for defined data type
Accessing a corrupted shared library
Operation not supported
Address family not supported by protocol
Address already in use
Cannot assign requested address
Transport endpoint is not connected
Connection timed out
Connection refused
Stale file handle
Disk quota exceeded";

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text is the C library's.
    #[test]
    fn texts_are_strerrors() {
        for number in (1..=40).chain(LATER) {
            let text = Errno(number);
            let expected = std::io::Error::from_raw_os_error(i32::from(number)).to_string();
            assert_eq!(format!("{text} (os error {number})"), expected);
        }
        assert_eq!(WORDS.lines().count(), 40 + LATER.len());
        for number in [0, 41, 999] {
            assert_eq!(Errno(number).to_string(), format!("Unknown error {number}"));
        }
    }
}
