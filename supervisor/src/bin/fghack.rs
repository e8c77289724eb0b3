//! fghack: keeps a program in the foreground that puts itself into the background.
//!
//! The program inherits many descriptors of a pipe; fghack ends when all of them are closed and the program it started
//! has ended. A program that closes what it did not open escapes, as it always did.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
}

use client::{chain, command_line};
use nix::errno::Errno;
use nix::unistd::{dup, pipe, read};
use std::os::fd::OwnedFd;
use supervisor::sys::process::{Fork, fork};
use supervisor::sys::wait::wait_for;

const HELP: &str = "\
usage: fghack PROGRAM [ARGUMENT...]
Runs PROGRAM, and waits until it and everything that it left in the background have ended.

exit codes: the program's; 100 usage, 111 it crashed, or cannot be run

example: fghack old-daemon
";

/// How often the pipe's end is duplicated: a program that closes some descriptors hardly closes all of these.
const COPIES: usize = 30;

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("fghack", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let command = chain::arguments();
    if command.is_empty() {
        return chain::say(100, &[b"fghack: usage: fghack child"]);
    }
    let (reader, writer) = match pipe() {
        Ok(ends) => ends,
        Err(error) => return chain::fatal("fghack", &[b"unable to create pipe"], error),
    };
    match fork() {
        Ok(Fork::Child) => {
            drop(reader);
            let copies: Vec<OwnedFd> = (0..COPIES).filter_map(|_| dup(&writer).ok()).collect();
            // They stay open on the way into the program.
            std::mem::forget((writer, copies));
            chain::become_program("fghack", &command, &chain::environment())
        }
        Ok(Fork::Parent(child)) => {
            drop(writer);
            drain(&reader);
            end(child)
        }
        Err(error) => chain::fatal("fghack", &[b"unable to fork"], Errno::from_raw(error.into())),
    }
}

/// Reads until nobody can write any more.
fn drain(reader: &OwnedFd) {
    let mut bytes = [0; 512];
    while !matches!(read(reader, &mut bytes), Ok(0) | Err(Errno::EBADF | Errno::EIO)) {}
}

/// The exit code that stands for the child's end.
fn end(child: u32) -> i32 {
    match wait_for(child) {
        Ok(ended) if ended.status & 0x7f == 0 => i32::from(ended.status >> 8),
        Ok(_) => chain::say(111, &[b"fghack: fatal: child crashed"]),
        Err(error) => chain::fatal("fghack", &[b"wait failed"], Errno::from_raw(error.into())),
    }
}
