//! s6-supervise: becomes supervise, which knows s6's files and letters.

use super::say;
use crate::client::{chain, native};
use std::ffi::OsString;

pub const NAME: &str = "s6-supervise";

pub fn run(arguments: &[OsString]) -> i32 {
    let [directory] = arguments else { return say::usage(NAME, "dir") };
    if let Err(error) = std::fs::read_dir(directory) {
        return say::failed(111, NAME, "unable to chdir to ", directory, error);
    }
    native::become_native(NAME, "supervise", &[chain::c_string(directory.clone())], &chain::environment())
}
