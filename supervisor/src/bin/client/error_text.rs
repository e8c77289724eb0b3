//! Names of system errors in daemontools' words, so that scripts that compare messages keep working.

use std::io;
use supervisor::sys::error::Errno;

/// What daemontools calls an error.
pub fn error_text(error: impl Into<io::Error>) -> &'static str {
    let number = error.into().raw_os_error().and_then(|number| u16::try_from(number).ok());
    match Errno(number.unwrap_or(0)).words() {
        "" => "unknown error",
        words => words,
    }
}
