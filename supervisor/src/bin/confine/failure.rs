//! Why the program is not run.

use std::io;

use nix::errno::Errno;

/// What is told before the end, and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// 100, 126 or 127.
    pub code: i32,
    /// The message, after `confine: fatal: `.
    pub text: String,
}

impl Failure {
    /// The command line makes no sense.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { code: 100, text: text.into() }
    }

    /// Something cannot be had: `what` begins with the verb.
    pub fn new(what: impl AsRef<str>, error: impl Into<io::Error>) -> Self {
        // The C library's words, without Rust's number in brackets.
        let text = error.into().to_string();
        Self::because(what, text.split(" (os error ").next().unwrap_or_default())
    }

    /// As [`Failure::new`], for a cause that is not the system's.
    pub fn because(what: impl AsRef<str>, cause: impl AsRef<str>) -> Self {
        Self { code: 126, text: format!("unable to {}: {}", what.as_ref(), cause.as_ref()) }
    }
}

/// An error of our own system calls, as nix has it.
pub fn errno(error: supervisor::sys::error::Errno) -> Errno {
    Errno::from_raw(error.into())
}
