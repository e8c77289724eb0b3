//! How s6's helpers end: as another program. One that is missing is 127, one that cannot be run 126.

use super::say;
use crate::client::chain;
use nix::errno::Errno;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// Becomes `command`; returns, with the exit code, only when that failed.
pub fn become_command(program: &str, command: &[CString], environment: &[CString]) -> i32 {
    let Some(name) = command.first() else { return 111 };
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let Err(error) = chain::search(name, path.as_bytes(), command, environment);
    let code = if error == Errno::ENOENT { 127 } else { 126 };
    say::failed(code, program, "unable to exec ", OsStr::from_bytes(name.to_bytes()), error)
}
