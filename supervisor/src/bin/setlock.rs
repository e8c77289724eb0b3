//! setlock: takes the lock of a file and becomes another program, which holds it for as long as it runs.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod options;
}

use client::{chain, command_line, options};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::CStr;

const HELP: &str = "\
usage: setlock [-nNxX] FILE PROGRAM [ARGUMENT...]
Opens FILE (making it if it is missing), takes its exclusive lock, and runs PROGRAM with it.

  -n  do not wait for the lock        -N  wait (the default)
  -x  without the lock exit 0 quietly  -X  without the lock fail (the default)

exit codes: the program's; 100 usage, 111 no lock, or it cannot be run

example: setlock -n /run/backup.lock backup
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("setlock", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let (mut waits, mut quiet) = (true, false);
    let arguments = chain::arguments();
    let rest = options::parse("setlock", b"nNxX", &arguments, |letter, _| {
        match letter {
            b'n' | b'N' => waits = letter == b'N',
            _ => quiet = letter == b'x',
        }
        true
    });
    let Some((file, command)) = rest.and_then(<[_]>::split_first).filter(|(_, command)| !command.is_empty()) else {
        return chain::say(100, &[b"setlock: usage: setlock [ -nNxX ] file program [ arg ... ]"]);
    };
    match lock(file, waits) {
        // The descriptor stays open on the way into the program.
        Ok(lock) => std::mem::forget(lock),
        Err(_) if quiet => return 0,
        Err((what, error)) => return chain::fatal("setlock", &[what, file.to_bytes()], error),
    }
    chain::become_program("setlock", command, &chain::environment())
}

/// Opens and locks a file; the error says which of the two failed.
fn lock(file: &CStr, waits: bool) -> Result<Flock<std::fs::File>, (&'static [u8], Errno)> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_APPEND | OFlag::O_CREAT;
    let mut opened = open(file, flags, Mode::from_bits_truncate(0o600))
        .map(std::fs::File::from)
        .map_err(|error| (&b"unable to open "[..], error))?;
    let how = if waits { FlockArg::LockExclusive } else { FlockArg::LockExclusiveNonblock };
    loop {
        match Flock::lock(opened, how) {
            Ok(lock) => return Ok(lock),
            Err((again, Errno::EINTR)) => opened = again,
            Err((_, error)) => return Err((b"unable to lock ", error)),
        }
    }
}
