//! svscanctl: writes command letters into the control FIFO of a scanner, ours or s6's.
//!
//! It never waits. A whole command is one write.

mod client {
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
}

use client::error_text::error_text;
use client::{command_line, fifo};
use nix::errno::Errno;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths::scan;

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

/// Where s6's scanner listens.
const S6_CONTROL: &str = ".s6-svscan/control";

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
    match send(directory, &letters) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Errno::ENXIO) => {
            eprintln!("svscanctl: fatal: unable to control {}: svscan not running", directory.display());
            ExitCode::from(100)
        }
        Err(error) => {
            eprintln!("svscanctl: fatal: unable to control {}: {}", directory.display(), error_text(error));
            ExitCode::from(111)
        }
    }
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
            match letter {
                b'z' | b'a' | b'b' | b't' | b'q' | b'n' | b'N' | b'F' | b'E' | b'R' => letters.push(*letter),
                b'h' => letters.extend(b"an"),
                b'i' => letters.push(b't'),
                _ => return None,
            }
        }
    }
    match rest {
        [directory] => Some((letters, directory)),
        _ => None,
    }
}

/// Writes the letters; ENXIO when no scanner reads.
fn send(directory: &Path, letters: &[u8]) -> Result<(), Errno> {
    let fifo = match fifo::open_fifo(directory, scan::CONTROL) {
        Err(Errno::ENOENT) => match fifo::open_fifo(directory, S6_CONTROL) {
            Err(Errno::ENOENT) if directory.is_dir() => return Err(Errno::ENXIO),
            answer => answer?,
        },
        answer => answer?,
    };
    match nix::unistd::write(&fifo, letters)? {
        written if written == letters.len() => Ok(()),
        _ => Err(Errno::EIO),
    }
}
