//! softlimit: becomes another program with other soft limits of its resources.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod options;
}

use client::{chain, command_line, options};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::ffi::CStr;

const HELP: &str = "\
usage: softlimit [-OPTION N]... PROGRAM [ARGUMENT...]
Runs PROGRAM with other soft limits. N of = means the hard limit; more than that is taken for it.

  -a  bytes of all memory         -c  bytes of a core file      -d  bytes of data
  -f  bytes of a file             -l  bytes of locked memory    -m  the same as -d, -s, -l and -a
  -o  open descriptors            -p  processes of the user     -r  bytes of resident memory
  -s  bytes of stack              -t  seconds of processor time

exit codes: the program's; 100 usage, 111 a limit cannot be set, or it cannot be run

example: softlimit -o 250 -c 0 /usr/bin/dnscache
";

const USAGE: &[u8] = b"softlimit: usage: softlimit [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] \
    [-l lockbytes] [-m membytes] [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("softlimit", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let mut failure = None;
    let arguments = chain::arguments();
    let command = options::parse("softlimit", b"a:c:d:f:l:m:o:p:r:s:t:", &arguments, |letter, amount| {
        for resource in resources(letter) {
            let Some(amount) = Amount::read(amount) else { return false };
            if let Err(code) = limit(*resource, amount) {
                failure = Some(code);
                return false;
            }
        }
        true
    });
    match (failure, command) {
        (Some(code), _) => code,
        (None, Some(command)) if !command.is_empty() => {
            chain::become_program("softlimit", command, &chain::environment())
        }
        _ => chain::say(100, &[USAGE]),
    }
}

/// What an option limits.
fn resources(letter: u8) -> &'static [Resource] {
    match letter {
        b'a' => &[Resource::RLIMIT_AS],
        b'c' => &[Resource::RLIMIT_CORE],
        b'd' => &[Resource::RLIMIT_DATA],
        b'f' => &[Resource::RLIMIT_FSIZE],
        b'l' => &[Resource::RLIMIT_MEMLOCK],
        b'm' => &[Resource::RLIMIT_DATA, Resource::RLIMIT_STACK, Resource::RLIMIT_MEMLOCK, Resource::RLIMIT_AS],
        b'o' => &[Resource::RLIMIT_NOFILE],
        b'p' => &[Resource::RLIMIT_NPROC],
        b'r' => &[Resource::RLIMIT_RSS],
        b's' => &[Resource::RLIMIT_STACK],
        _ => &[Resource::RLIMIT_CPU],
    }
}

/// How much is allowed.
#[derive(Clone, Copy)]
enum Amount {
    /// As much as the hard limit.
    Hard,
    /// So much, in the resource's unit.
    Of(u64),
}

impl Amount {
    /// Reads an amount; nothing at all is 0, as daemontools has it, and what is too large for a number is the largest.
    fn read(text: &CStr) -> Option<Self> {
        match text.to_bytes() {
            b"=" => Some(Self::Hard),
            b"" => Some(Self::Of(0)),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                Some(Self::Of(supervisor::sys::text::parse_number(digits).unwrap_or(u64::MAX)))
            }
            _ => None,
        }
    }
}

/// Sets a soft limit; the error is the exit code of what was reported.
fn limit(resource: Resource, amount: Amount) -> Result<(), i32> {
    let fail = |what: &[u8], error| chain::fatal("softlimit", &[what], error);
    let (_, hard) = getrlimit(resource).map_err(|error| fail(b"getrlimit failed", error))?;
    let soft = match amount {
        Amount::Hard => hard,
        Amount::Of(amount) => amount.min(hard),
    };
    setrlimit(resource, soft, hard).map_err(|error| fail(b"setrlimit failed", error))
}
