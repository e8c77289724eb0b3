//! s6-svok: 0 a supervise runs, 1 none does.

use super::say;
use crate::client::ok;
use nix::errno::Errno;
use std::ffi::OsString;
use std::path::Path;

/// Its name.
pub const NAME: &str = "s6-svok";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory, ..] = arguments else { return say::usage(NAME, "servicedir") };
    match ok::open_ok(Path::new(directory)) {
        Ok(_) => 0,
        Err(Errno::ENOENT | Errno::ENXIO) => 1,
        Err(error) => say::failed(111, NAME, "unable to check ", directory, error),
    }
}
