//! `init`: what the kernel executes as process 1. It makes an empty machine into one where programs can run, and
//! executes the scanner, which stays process 1.
//!
//! As process 1 it never exits and never panics, and it goes on after every failure: a boot without /sys still has a
//! login. It never waits for anything but its own children's system calls; whatever may block is the waiter's. When it
//! is not process 1 it does none of this, and is `telinit`.
#![cfg_attr(not(test), no_main)]
#![deny(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod steps;

mod boot;
mod cmdline;
mod console;
mod descriptors;
mod emergency;
mod environment;
mod failure;
mod letter;
mod mounts;
mod other_scanner;
mod preset;
mod quote;
mod replace;
mod report;
mod scanner;
mod settings;
mod telinit;
mod waiter;

use std::ffi::OsString;

use supervisor::settings::Scanner;
use waiter::Waiter;

/// What stands before the main service's command.
#[cfg_attr(test, allow(dead_code))]
const COMMAND: &str = "--";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    descriptors::fill();
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let split = arguments.iter().position(|argument| argument == COMMAND).filter(|_| std::process::id() == 1);
    let command = split.map(|at| arguments.split_off(at).split_off(1)).unwrap_or_default();
    let words: Vec<String> = arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    if std::process::id() == 1 { start(&words, command) } else { telinit::main(&words) }
}

/// Stage 1.
fn start(words: &[String], command: Vec<OsString>) -> ! {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    // Not in the session of a kernel's helper or an initramfs' shell. A container's process 1 leads one already.
    let _ = nix::unistd::setsid();
    let mut boot = boot::Boot::new(words, command);
    steps::run(&mut boot);
    boot.report.end();
    let log = scanner::Log::open(&boot);
    // The waiter waits for the scanner that runs, so ours in the place of one that does not gets another.
    while let Some(scanner) = become_scanner(&mut boot, &log) {
        boot.settings.scanner = scanner;
    }
    emergency::last_resort(&boot)
}

/// Returns only what is left to try.
fn become_scanner(boot: &mut boot::Boot, log: &scanner::Log) -> Option<Scanner> {
    let waiter = waiter::start(boot).map_err(|failure| boot.report.failure(&failure));
    let failure = scanner::execute(boot, log);
    boot.report.failure(&failure);
    let _ = waiter.map(Waiter::end);
    (boot.settings.scanner != Scanner::default()).then(Scanner::default)
}
