//! s6-svscan: becomes svscan, which scans only when told unless `-t` says otherwise, and hears s6-svscanctl.

use super::say;
use crate::client::scan_control::{self, Trouble};
use crate::client::{chain, getopt, native};
use nix::errno::Errno;
use std::ffi::{CString, OsStr, OsString};
use std::path::Path;

/// Its name.
pub const NAME: &str = "s6-svscan";
const USAGE: &str = "[ -d notif ] [ -X consoleholder ] [ -C services_max ] [ -L name_max ] [ -t rescan ] scandir";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((given, [directory])) = getopt::split(b"t:d:X:C:c:L:", arguments) else { return say::usage(NAME, USAGE) };
    let mut rescan = 0u32;
    let mut command: Vec<CString> = vec![c"-A".into()];
    for (letter, argument) in given {
        let Some(number) = getopt::number::<i32>(argument).filter(|number| *number >= 0) else {
            return say::usage(NAME, USAGE);
        };
        match letter {
            b't' => rescan = number.unsigned_abs(),
            b'd' | b'X' => {
                let what = if letter == b'd' { "notification" } else { "console holder" };
                if let Err(code) = say::check_descriptor(NAME, what, number) {
                    return code;
                }
                command.push(chain::c_string(format!("-{}{number}", char::from(letter)).into()));
            }
            // There is no limit on the number of services, nor on the length of names but the kernel's.
            _ => {}
        }
    }
    command.push(chain::c_string(format!("-t{rescan}").into()));
    command.push(chain::c_string(directory.clone()));
    if let Err(code) = prepare(directory) {
        return code;
    }
    native::become_native(NAME, "svscan", &command, &native::scanner_environment())
}

/// Looks whether somebody is there already; the error is the exit code of what was said. svscan's own lock decides about a scanner
/// that comes between this and that.
fn prepare(directory: &OsString) -> Result<(), i32> {
    match scan_control::send(Path::new(directory), b"") {
        Ok(()) => {
            let text = "another instance of s6-svscan is already running on the same directory";
            Err(say::fatal(100, NAME, text, OsStr::new(""), ""))
        }
        Err(Trouble::Failed(Errno::ENOENT)) => {
            Err(say::failed(111, NAME, "unable to chdir to ", directory, Errno::ENOENT))
        }
        // svscan says what matters of any other failure.
        Err(_) => Ok(()),
    }
}
