//! envuidgid: becomes another program with UID and GID in its environment, the numbers of an account.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod account;
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod variable;
}

use client::account::Account;
use client::variable::set_variable;
use client::{chain, command_line};

const HELP: &str = "\
usage: envuidgid ACCOUNT PROGRAM [ARGUMENT...]
Runs PROGRAM with $UID and $GID set to the numbers of ACCOUNT (in /etc/passwd).

exit codes: the program's; 100 usage, 111 no such account, or it cannot be run

example: envuidgid dnscache softlimit -o 250 /usr/bin/dnscache
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("envuidgid", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let arguments = chain::arguments();
    let Some((name, command)) = arguments.split_first().filter(|(_, command)| !command.is_empty()) else {
        return chain::say(100, &[b"envuidgid: usage: envuidgid account child"]);
    };
    let Some(account) = Account::find(name.to_bytes()) else {
        return chain::say(111, &[b"envuidgid: fatal: unknown account ", name.to_bytes()]);
    };
    let mut environment = chain::environment();
    for (variable, number) in [("GID", account.group), ("UID", account.user)] {
        set_variable(&mut environment, chain::c_string(format!("{variable}={number}").into()));
    }
    chain::become_program("envuidgid", command, &environment)
}
