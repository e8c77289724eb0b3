//! setlock: takes the lock of a file and becomes another program, which holds it for as long as it runs.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod file_lock;
    pub mod options;
}

use client::file_lock::{Step, lock};
use client::{chain, command_line, options};

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
        Err((step, error)) => {
            let what: &[u8] = if step == Step::Open { b"unable to open " } else { b"unable to lock " };
            return chain::fatal("setlock", &[what, file.to_bytes()], error);
        }
    }
    chain::become_program("setlock", command, &chain::environment())
}
