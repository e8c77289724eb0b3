//! s6-supervise: becomes supervise, which knows s6's files and letters.

use super::say;
use crate::client::{chain, native, ok};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Its name.
pub const NAME: &str = "s6-supervise";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory, ..] = arguments else { return say::usage(NAME, "dir") };
    if let Err(error) = std::fs::read_dir(directory) {
        return say::failed(111, NAME, "unable to chdir to ", directory, error);
    }
    // A supervise that comes between this and ours' own lock finds it locked, and says 111.
    if ok::open_ok(Path::new(directory)).is_ok() {
        let name = format!("{NAME} {}", directory.display());
        return say::fatal(100, &name, "another instance of s6-supervise is already running", OsStr::new(""), "");
    }
    native::become_native(NAME, "supervise", &[chain::c_string(directory.clone())], &chain::environment())
}
