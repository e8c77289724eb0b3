//! svok: says by its exit code whether a supervise runs in a service directory.
//!
//! It never blocks. daemontools' contract: 0 running, 100 not, 111 unable to tell.

mod client {
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod ok;
}

use client::{command_line, error_text::error_text, ok};
use nix::errno::Errno;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
usage: svok DIR
Says by its exit code whether a supervise runs in the service directory DIR.

exit codes: 0 it runs, 100 it does not (or wrong usage), 111 that cannot be told (no such directory)

example:  if svok /run/sunup/scan/sshd; then echo supervised; fi
";

fn main() -> ExitCode {
    let arguments = command_line::words();
    if let Some(answered) = command_line::answer("svok", HELP, &arguments) {
        return answered;
    }
    let Some(directory) = arguments.first() else {
        eprintln!("svok: usage: svok dir");
        return ExitCode::from(100);
    };
    ExitCode::from(check(Path::new(directory)))
}

/// The exit code for a service directory.
fn check(directory: &Path) -> u8 {
    if let Err(error) = nix::unistd::chdir(directory) {
        eprintln!("svok: fatal: unable to chdir to {}: {}", directory.display(), error_text(error));
        return 111;
    }
    match ok::open_ok(Path::new(".")) {
        Ok(_) => 0,
        Err(Errno::ENOENT | Errno::ENXIO) => 100,
        Err(error) => {
            eprintln!("svok: fatal: unable to open supervise/ok: {}", error_text(error));
            111
        }
    }
}
