//! Names of system errors in daemontools' words, so that scripts that compare messages keep working.
//!
//! An error that daemontools had no word for gets the C library's.

use nix::errno::Errno;
use std::io;
use supervisor::sys::error;
use supervisor::sys::error_words::daemontools_word;

/// What daemontools calls an error, or what we call one that it did not know.
pub fn error_text(error: impl Into<io::Error>) -> &'static str {
    let number = error.into().raw_os_error().unwrap_or(0);
    if number == Errno::ENOSTR as i32 {
        return "not a FIFO";
    }
    let word = u16::try_from(number).ok().and_then(|number| daemontools_word(error::Errno(number)));
    word.unwrap_or_else(|| Errno::from_raw(number).desc())
}
