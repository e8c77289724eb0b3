//! s6-svscan: becomes svscan, which scans only when told unless `-t` says otherwise.

use super::say;
use crate::client::{chain, getopt, native};
use std::ffi::{CString, OsStr, OsString};

/// Its name.
pub const NAME: &str = "s6-svscan";
const USAGE: &str = "[ -t rescan ] [ -d notif ] [ -X consoleholder ] scandir";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((given, [directory])) = getopt::split(b"t:d:X:", arguments) else { return say::usage(NAME, USAGE) };
    let mut rescan = 0u32;
    let mut command: Vec<CString> = Vec::new();
    for (letter, argument) in given {
        let Some(number) = getopt::number::<u32>(argument) else { return say::usage(NAME, USAGE) };
        match letter {
            b't' => rescan = number,
            b'd' if number < 3 => {
                return say::fatal(100, NAME, "notification fd must be 3 or more", OsStr::new(""), "");
            }
            b'd' => command.push(chain::c_string(format!("-d{number}").into())),
            _ => say::warn(NAME, OsStr::new(""), "-X is without effect: supervises write to svscan's standard error"),
        }
    }
    command.push(chain::c_string(format!("-t{rescan}").into()));
    command.push(chain::c_string(directory.clone()));
    native::become_native(NAME, "svscan", &command, &native::scanner_environment())
}
