//! envdir: becomes another program with an environment that the files of a directory change.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod environment_directory;
    pub mod error_text;
    pub mod variable;
}

use client::environment_directory::{Style, Trouble, change};
use client::{chain, command_line};

const HELP: &str = "\
usage: envdir DIRECTORY PROGRAM [ARGUMENT...]
Runs PROGRAM with the variables that the files of DIRECTORY name. The first line of a file is the value; an empty file
removes its variable. Names that begin with a dot are left out.

exit codes: the program's; 111 usage, trouble with the directory, or it cannot be run

example: envdir ./env dnscache
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("envdir", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let arguments = chain::arguments();
    let Some((directory, command)) = arguments.split_first().filter(|(_, command)| !command.is_empty()) else {
        return chain::say(111, &[b"envdir: usage: envdir dir child"]);
    };
    let mut environment = chain::environment();
    match change(&mut environment, directory, &Style::DAEMONTOOLS) {
        Ok(_) => chain::become_program("envdir", command, &environment),
        Err(Trouble(what, error)) => chain::fatal("envdir", &[&what], error),
    }
}
