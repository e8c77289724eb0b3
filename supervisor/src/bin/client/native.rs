//! Where our own programs are, for a program that becomes one of them.

use super::chain;
use super::variable::set_variable;
use nix::unistd::execve;
use std::ffi::{CStr, CString, OsString};
use std::path::{Path, PathBuf};

/// The directory that this program lies in, whatever link it was called by.
pub fn directory() -> PathBuf {
    std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default()
}

/// Becomes a program of ours, called as we are; returns, with exit code 111 and a message of `program`, only when that failed.
pub fn become_native(program: &str, name: &str, arguments: &[CString], environment: &[CString]) -> i32 {
    let called = chain::c_string(program.into());
    let command: Vec<&CStr> = std::iter::once(&called).chain(arguments).map(CString::as_c_str).collect();
    let path = chain::c_string(directory().join(name).into_os_string());
    let Err(error) = execve(&path, &command, environment);
    chain::fatal(program, &[b"unable to run ", name.as_bytes()], error)
}

/// The PATH of a scanner that finds our supervise: our directory, then the original.
pub fn scanner_path() -> OsString {
    let mut path = directory().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
    path
}

/// The environment of a scanner that finds our supervise.
pub fn scanner_environment() -> Vec<CString> {
    let mut environment = chain::environment();
    let mut entry = OsString::from("PATH=");
    entry.push(scanner_path());
    set_variable(&mut environment, chain::c_string(entry));
    environment
}
