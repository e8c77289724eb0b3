//! supervise: keeps services running. See `supervisor::supervise`.
#![no_std]
#![no_main]

use supervisor::help::Help;
use supervisor::supervise;
use supervisor::sys::start::Stack;

supervisor::resident!(run);

const HELP: Help = Help {
    usage: "\
usage: supervise DIR...
Runs ./run in each service directory DIR, and again when it ends, later and later if it loops, until told otherwise.
A file DIR/down keeps it from starting. svc(8) tells it what to do, svstat(8) shows its state.

signals: TERM stop the services and exit, HUP exit when they are down, INT is passed on, QUIT exit and leave them running
exit codes: 0 it was told to exit, 100 usage, 111 another supervise has DIR, or DIR cannot be used

example: supervise /etc/service/sshd
",
    version: concat!("supervise (sunup) ", env!("CARGO_PKG_VERSION"), "\n"),
};

fn run(stack: Stack) -> i32 {
    HELP.answer(&stack).unwrap_or_else(|| supervise::run::run(stack))
}
