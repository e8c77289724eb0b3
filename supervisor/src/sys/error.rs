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

    /// The words for it; empty for a number that no file operation answers.
    pub fn words(self) -> &'static str {
        TEXTS.iter().find(|(number, _)| *number == self.0).map_or("", |(_, text)| text)
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

/// Spelled as the C library spells them, so that scripts that look for a text find it.
const TEXTS: [(u16, &str); 52] = [
    (1, "Operation not permitted"),
    (2, "No such file or directory"),
    (3, "No such process"),
    (4, "Interrupted system call"),
    (5, "Input/output error"),
    (6, "No such device or address"),
    (7, "Argument list too long"),
    (8, "Exec format error"),
    (9, "Bad file descriptor"),
    (10, "No child processes"),
    (11, "Resource temporarily unavailable"),
    (12, "Cannot allocate memory"),
    (13, "Permission denied"),
    (14, "Bad address"),
    (15, "Block device required"),
    (16, "Device or resource busy"),
    (17, "File exists"),
    (18, "Invalid cross-device link"),
    (19, "No such device"),
    (20, "Not a directory"),
    (21, "Is a directory"),
    (22, "Invalid argument"),
    (23, "Too many open files in system"),
    (24, "Too many open files"),
    (25, "Inappropriate ioctl for device"),
    (26, "Text file busy"),
    (27, "File too large"),
    (28, "No space left on device"),
    (29, "Illegal seek"),
    (30, "Read-only file system"),
    (31, "Too many links"),
    (32, "Broken pipe"),
    (33, "Numerical argument out of domain"),
    (34, "Numerical result out of range"),
    (35, "Resource deadlock avoided"),
    (36, "File name too long"),
    (37, "No locks available"),
    (38, "Function not implemented"),
    (39, "Directory not empty"),
    (40, "Too many levels of symbolic links"),
    (61, "No data available"),
    (75, "Value too large for defined data type"),
    (80, "Accessing a corrupted shared library"),
    (95, "Operation not supported"),
    (97, "Address family not supported by protocol"),
    (98, "Address already in use"),
    (99, "Cannot assign requested address"),
    (107, "Transport endpoint is not connected"),
    (110, "Connection timed out"),
    (111, "Connection refused"),
    (116, "Stale file handle"),
    (122, "Disk quota exceeded"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text is the C library's.
    #[test]
    fn texts_are_strerrors() {
        for (number, text) in TEXTS {
            let expected = std::io::Error::from_raw_os_error(i32::from(number)).to_string();
            assert_eq!(format!("{text} (os error {number})"), expected);
        }
        assert_eq!(Errno(41).to_string(), "Unknown error 41");
    }
}
