//! setuidgid: becomes another program as another user, with that user's group and no other.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod account;
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
}

use client::account::Account;
use client::{chain, command_line};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

const HELP: &str = "\
usage: setuidgid ACCOUNT PROGRAM [ARGUMENT...]
Runs PROGRAM with the user and group of ACCOUNT (in /etc/passwd) and without other groups.

exit codes: the program's; 100 usage, 111 no such account, not allowed, or it cannot be run

example: setuidgid nobody id
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("setuidgid", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let arguments = chain::arguments();
    let Some((name, command)) = arguments.split_first().filter(|(_, command)| !command.is_empty()) else {
        return chain::say(100, &[b"setuidgid: usage: setuidgid account child"]);
    };
    let Some(account) = Account::find(name.to_bytes()) else {
        return chain::say(111, &[b"setuidgid: fatal: unknown account ", name.to_bytes()]);
    };
    let group = Gid::from_raw(account.group);
    if let Err(error) = setgroups(&[group]).and_then(|()| setgid(group)) {
        return chain::fatal("setuidgid", &[b"unable to setgid"], error);
    }
    if let Err(error) = setuid(Uid::from_raw(account.user)) {
        return chain::fatal("setuidgid", &[b"unable to setuid"], error);
    }
    chain::become_program("setuidgid", command, &chain::environment())
}
