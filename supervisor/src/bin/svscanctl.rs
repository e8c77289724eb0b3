//! svscanctl: writes command letters into the control FIFO of a scanner, ours or s6's.
//!
//! It never waits. A whole command is one write.

mod client {
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod scan_control;
}

use client::command_line;
use client::error_text::error_text;
use client::scan_control::{self, Trouble};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
usage: svscanctl [-LETTERS] SCANDIR
Sends commands to the scanner of a scan directory.

letters: a scan now                       z reap
         n end supervises whose service left the directory (loggers get HUP)
         N the same, loggers get TERM     h scan, then n
         t end: TERM to services, HUP to loggers, then finish (i: the same)
         q end: TERM to everything, then finish
         b execute finish now and leave the supervises alone
         F hold the read end of the FIFO that is standard error
         E close every log pipe, so that loggers see end of file
         R execute svscan again by its name: an upgrade; services keep running

exit codes: 0 sent, 100 no scanner runs there (or wrong usage), 111 system failure

example: svscanctl -an /run/sunup/scan
";

fn main() -> ExitCode {
    let arguments = command_line::words();
    if let Some(answered) = command_line::answer("svscanctl", HELP, &arguments) {
        return answered;
    }
    let Some((letters, directory)) = parse(&arguments) else {
        eprintln!("svscanctl: usage: svscanctl [-zabhitqnNFER] scandir");
        return ExitCode::from(100);
    };
    let directory = Path::new(directory);
    let (cause, code) = match scan_control::send(directory, &letters) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::NobodyListens) => ("svscan not running", 100),
        Err(Trouble::Failed(error)) => (error_text(error), 111),
    };
    eprintln!("svscanctl: fatal: unable to control {}: {cause}", directory.display());
    ExitCode::from(code)
}

/// The bytes to send and the scan directory.
fn parse(arguments: &[OsString]) -> Option<(Vec<u8>, &OsString)> {
    let mut letters = Vec::new();
    let mut rest = arguments;
    while let [word, after @ ..] = rest {
        let Some(word) = word.as_bytes().strip_prefix(b"-").filter(|word| !word.is_empty()) else { break };
        rest = after;
        if word == b"-" {
            break;
        }
        for letter in word {
            letters.extend(scan_control::letters(*letter)?);
        }
    }
    match rest {
        [directory] => Some((letters, directory)),
        _ => None,
    }
}
