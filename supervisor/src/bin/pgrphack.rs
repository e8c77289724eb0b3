//! pgrphack: becomes another program in a session, and so a process group, of its own.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
}

use client::{chain, command_line};

const HELP: &str = "\
usage: pgrphack PROGRAM [ARGUMENT...]
Runs PROGRAM in a session and process group of its own.

exit codes: the program's; 100 usage, 111 it cannot be run

example: pgrphack pppd
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("pgrphack", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let command = chain::arguments();
    if command.is_empty() {
        return chain::say(100, &[b"pgrphack: usage: pgrphack child"]);
    }
    // A process that leads a group already, as supervise's children do, is what it should be.
    let _ = nix::unistd::setsid();
    chain::become_program("pgrphack", &command, &chain::environment())
}
