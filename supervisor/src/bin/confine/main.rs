//! confine: becomes another program as another user, in another environment, with limits, in a sandbox.
//!
//! It is what a unit's keys become where daemontools' helpers have no word for them: one link in the chain of a compiled
//! `run`, so that it works under every scanner. What is asked for is done in one fixed order, whatever the order of the
//! options, so that nothing is taken away that a later thing needs: what has to be read is read first, the sandbox is
//! made while we are still allowed to, and the program's own power is given up last. It never goes on after a failure:
//! a program that was to be confined and is not must not run.
#![cfg_attr(not(test), no_main)]

#[path = "../client"]
#[allow(dead_code, reason = "the messages here are in the C library's words, not in daemontools'")]
mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
}

mod account;
mod environment;
mod failure;
mod mounts;
mod options;
mod process;
mod terminal;
mod wishes;

use std::ffi::CString;

use client::{chain, command_line};
use failure::Failure;
use nix::errno::Errno;
use wishes::Wishes;

const HELP: &str = "\
usage: confine [OPTION]... [--] PROGRAM [ARGUMENT...]
Runs PROGRAM with less, or with other, than it would have. What cannot be done is told, and PROGRAM is not run.

  --env-file FILE       lines NAME=VALUE; -FILE: it may be absent (several are read in their order)
  --env NAME=VALUE      a variable; after the files
  --user USER           a name or number of /etc/passwd; sets HOME, LOGNAME, SHELL and USER as well
  --group GROUP         a name or number of /etc/group; without it the user's own
  --groups A,B          the other groups; without it those of which the user is a member
  --tty DEVICE          standard input, output and error, and the controlling terminal
  --umask MASK          octal
  --nice N              -20 to 19
  --oom-score-adj N     -1000 to 1000
  --read-only PATH      it and everything below cannot be written
  --hide PATH           it is empty
  --private-tmp         /tmp and /var/tmp of its own, empty
  --limit NAME=SOFT[:HARD]
                        as core=0, nofile=1024:4096, as=unlimited; SOFT alone is both
  --capabilities A,B    all that it and its descendants may ever have; '': none
  --directory PATH      the working directory
  --no-new-privileges   no program that it runs gains any

Done in this order, except that the user is taken on after --capabilities.

exit codes: the program's; 100 usage, 127 there is no such program, 126 it, or something else, cannot be had

example: confine --user www-data --limit nofile=4096 --private-tmp /usr/sbin/nginx
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("confine", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let arguments = chain::arguments();
    let result = options::parse(&arguments).and_then(|(wishes, command)| confine(&wishes, command));
    let Err(failure) = result else { return 0 };
    chain::say(failure.code, &[b"confine: fatal: ", failure.text.as_bytes()])
}

/// Does everything that is wished for, and becomes the program; returns only what went wrong.
fn confine(wishes: &Wishes, command: &[CString]) -> Result<(), Failure> {
    let account = account::find(wishes)?;
    let environment = environment::make(wishes, account.as_ref())?;
    terminal::take(wishes)?;
    process::surround(wishes)?;
    mounts::make(wishes)?;
    process::limit(wishes)?;
    process::bound(wishes)?;
    if let Some(account) = &account {
        account.take_on()?;
    }
    process::settle(wishes)?;
    Err(execute(command, &environment))
}

/// Becomes the program, which is found by the PATH that it will have.
fn execute(command: &[CString], environment: &[CString]) -> Failure {
    let Some(name) = command.first() else { return Failure::usage("no program") };
    let path = environment.iter().find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
    let Err(errno) = chain::search(name, path.unwrap_or(DEFAULT_PATH), command, environment);
    let failure = Failure::new(format!("run {}", name.to_string_lossy()), errno);
    Failure { code: if errno == Errno::ENOENT { 127 } else { 126 }, ..failure }
}

/// Where programs are looked for without a PATH: as the engine does.
const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
