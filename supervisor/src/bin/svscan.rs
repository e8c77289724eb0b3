//! svscan: the scanner, good as process 1. See `supervisor::scanner`.
#![no_std]
#![no_main]

use supervisor::help::Help;
use supervisor::scanner;
use supervisor::sys::start::Stack;

supervisor::resident!(run);

const HELP: Help = Help {
    usage: "\
usage: svscan [-A] [-t MS] [-d FD] [-g N] [-X FD]... [DIR]
Runs a supervise for every service directory in DIR (the working directory), and starts it again when it ends.

  -A     ABRT ends svscan at once, the services alone; without it, as any crash, svscan is executed again
  -t MS  scan every MS milliseconds; 0: only when told (svscanctl -a); without it: when DIR changes
  -d FD  write a newline to descriptor FD after the first scan
  -g N   let one supervise look after up to N services; without it, each has one
  -X FD  keep FD open for svscan alone; the first is the console, standard error of DIR/.svscan/finish and crash

signals: HUP scan, then end the supervises of services that have left; ALRM scan; TERM and INT end; QUIT end, TERM to
         everything. As process 1 it never ends; DIR/.svscan/SIG* are executed for signals.
exit codes: 0 it was told to end, 100 usage, 111 failure

example: svscan -t 5000 /etc/service
",
    version: concat!("svscan (sunup) ", env!("CARGO_PKG_VERSION"), "\n"),
};

fn run(stack: Stack) -> i32 {
    HELP.answer(&stack).unwrap_or_else(|| scanner::run::run(stack, &supervisor::seldom!()))
}
