//! Programs that change something of their own process and then become another program.
//!
//! Nothing that is not asked for changes on the way: not the signals, not the descriptors, not the environment. That is
//! why std's own start (which ignores SIGPIPE and opens closed descriptors) and its exec (which resets signals, searches
//! the new environment's PATH, and lets a shell run what is no program) are not used.

use super::error_text::error_text;
use nix::errno::Errno;
use nix::unistd::execve;
use std::convert::Infallible;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Where programs are looked for without a PATH.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The arguments after the program's name.
pub fn arguments() -> Vec<CString> {
    std::env::args_os().skip(1).map(c_string).collect()
}

/// A string of the system's, which has no zero byte.
pub fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).unwrap_or_default()
}

/// The environment as it is, in its order.
pub fn environment() -> Vec<CString> {
    let entry = |(mut name, value): (OsString, OsString)| {
        name.push("=");
        name.push(value);
        c_string(name)
    };
    std::env::vars_os().map(entry).collect()
}

/// Writes one message with one write; bytes of names go out as they are. The exit code is given back.
pub fn say(code: i32, parts: &[&[u8]]) -> i32 {
    let mut line = parts.concat();
    line.push(b'\n');
    // There is nowhere left to tell of a failure.
    let _ = io::stderr().write_all(&line);
    code
}

/// The last message before exit code 111, an error at its end.
pub fn fatal(program: &str, parts: &[&[u8]], error: impl Into<io::Error>) -> i32 {
    let text = parts.concat();
    say(111, &[program.as_bytes(), b": fatal: ", &text, b": ", error_text(error).as_bytes()])
}

/// Becomes `command`, which is found by our own PATH; returns, with the exit code, only when that failed.
pub fn become_program(program: &str, command: &[CString], environment: &[CString]) -> i32 {
    let Some(name) = command.first() else { return 111 };
    let path = std::env::var_os("PATH");
    let Err(error) = search(name, path.as_deref().map_or(DEFAULT_PATH, OsStr::as_bytes), command, environment);
    fatal(program, &[b"unable to run ", name.to_bytes()], error)
}

/// Tries each directory of a PATH. One that denies access is passed, and remembered.
pub fn search(name: &CStr, path: &[u8], command: &[CString], environment: &[CString]) -> Result<Infallible, Errno> {
    if name.to_bytes().contains(&b'/') {
        return execve(name, command, environment);
    }
    let mut answer = Errno::ENOENT;
    for directory in path.split(|&byte| byte == b':') {
        let directory = if directory.is_empty() { b"." } else { directory };
        let file = CString::new([directory, b"/", name.to_bytes()].concat()).map_err(|_| Errno::EINVAL)?;
        let Err(error) = execve(&file, command, environment);
        match error {
            Errno::ENOENT => {}
            Errno::EACCES | Errno::EPERM | Errno::EISDIR => answer = error,
            _ => return Err(error),
        }
    }
    Err(answer)
}
