//! s6-svscanctl: commands for a scanner, ours or s6's.

use super::say;
use crate::client::scan_control;
use crate::client::{getopt, scan_control::Trouble};
use std::ffi::OsString;
use std::path::Path;

/// Its name.
pub const NAME: &str = "s6-svscanctl";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let usage = || say::usage(NAME, "[ -zabhitqnN ] svscandir");
    let Some((given, [directory, ..])) = getopt::split(b"zabhitqnN", arguments) else { return usage() };
    let letters: Vec<u8> =
        given.iter().filter_map(|(letter, _)| scan_control::letters(*letter)).flatten().copied().collect();
    match scan_control::send(Path::new(directory), &letters) {
        Ok(()) => 0,
        Err(Trouble::NobodyListens) => {
            say::fatal(100, NAME, "unable to control ", directory, ": supervisor not listening")
        }
        Err(Trouble::Failed(error)) => say::failed(111, NAME, "unable to control ", directory, error),
    }
}
