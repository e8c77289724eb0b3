//! softlimit: becomes another program with other soft limits of its resources.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod limit;
    pub mod options;
}

use client::limit::{Amount, limit, resources};
use client::{chain, command_line, options};

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
            if let Err(code) = limit("softlimit", *resource, amount) {
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
