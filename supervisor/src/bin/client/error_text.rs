//! Names of system errors in daemontools' words, so that scripts that compare messages keep working.
//!
//! An error that daemontools had no word for gets the C library's.

use nix::errno::Errno;
use std::io;

/// What daemontools calls an error.
pub fn error_text(error: impl Into<io::Error>) -> &'static str {
    let error = Errno::from_raw(error.into().raw_os_error().unwrap_or(0));
    TEXTS.iter().find(|(known, _)| *known == error).map_or_else(|| error.desc(), |(_, text)| text)
}

/// The errors that can reach a client of files, directories and FIFOs.
const TEXTS: [(Errno, &str); 22] = [
    (Errno::EINTR, "interrupted system call"),
    (Errno::ENOMEM, "out of memory"),
    (Errno::ENOENT, "file does not exist"),
    (Errno::ETXTBSY, "text busy"),
    (Errno::EIO, "input/output error"),
    (Errno::EEXIST, "file already exists"),
    (Errno::EAGAIN, "temporary failure"),
    (Errno::EPIPE, "broken pipe"),
    (Errno::EPERM, "permission denied"),
    (Errno::EACCES, "access denied"),
    (Errno::ENXIO, "device not configured"),
    (Errno::EISDIR, "is a directory"),
    (Errno::ENOTDIR, "not a directory"),
    (Errno::EBADF, "file descriptor not open"),
    (Errno::EINVAL, "invalid argument"),
    (Errno::ENFILE, "system cannot open more files"),
    (Errno::EMFILE, "process cannot open more files"),
    (Errno::ENOSPC, "out of disk space"),
    (Errno::EROFS, "read-only file system"),
    (Errno::ELOOP, "symbolic link loop"),
    (Errno::ENAMETOOLONG, "file name too long"),
    (Errno::EBUSY, "device busy"),
];
