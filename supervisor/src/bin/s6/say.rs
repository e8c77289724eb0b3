//! s6's messages: `s6-svc: fatal: unable to control DIR: CAUSE`, the cause in the C library's words.

use crate::client::chain;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use supervisor::sys::descriptor::Descriptor;

/// A usage line and exit code 100.
pub fn usage(program: &str, text: &str) -> i32 {
    chain::say(100, &[program.as_bytes(), b": usage: ", program.as_bytes(), b" ", text.as_bytes()])
}

/// A last message; the code is given back.
pub fn fatal(code: i32, program: &str, what: &str, name: &OsStr, rest: &str) -> i32 {
    chain::say(code, &[program.as_bytes(), b": fatal: ", what.as_bytes(), name.as_bytes(), rest.as_bytes()])
}

/// A last message that ends in an error.
pub fn failed(code: i32, program: &str, what: &str, name: &OsStr, error: impl Into<io::Error>) -> i32 {
    fatal(code, program, what, name, &format!(": {}", cause(error)))
}

/// Refuses a descriptor that is not open, or is a standard one; the error is the exit code of what was said.
pub fn check_descriptor(program: &str, what: &str, number: i32) -> Result<(), i32> {
    if number < 3 {
        return Err(fatal(100, program, what, OsStr::new(" fd must be 3 or more"), ""));
    }
    Descriptor(number).set_close_on_exec(false).map_err(|error| {
        let error = io::Error::from_raw_os_error(error.into());
        failed(100, program, &format!("invalid {what} fd"), OsStr::new(""), error)
    })
}

/// A message before going on.
pub fn warn(program: &str, name: &OsStr, text: &str) {
    chain::say(0, &[program.as_bytes(), b": warning: ", name.as_bytes(), text.as_bytes()]);
}

/// What the C library calls an error.
pub fn cause(error: impl Into<io::Error>) -> String {
    let text = error.into().to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.into())
}
