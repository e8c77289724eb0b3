//! floor: the least that must be done, so that `make bench` can divide by it.
//!
//! It forks and execs the same commands as the programs under measurement, two at a time where they end by themselves
//! (`run 2`), and nothing else: no directories, no status, no dependencies, no logs, no restarts. It has no libc and no
//! allocator, so that its forks are as cheap as forks get. `keep` starts services one after the other without waiting
//! for anything, and when standard input ends it sends TERM to all of them and reaps them: that is the services' own
//! share of a stop. `read` opens every file of a directory and reads it to its end: the least that reading units takes.
#![no_std]
#![no_main]

use core::ffi::CStr;

use supervisor::sys::descriptor::{Descriptor, STDIN};
use supervisor::sys::error::{Errno, Result};
use supervisor::sys::exec::{Arguments, Environment, exec};
use supervisor::sys::files::{self, Names, O_DIRECTORY, O_RDONLY};
use supervisor::sys::message::{Level, Messages, Piece};
use supervisor::sys::process::{self, Fork, fork};
use supervisor::sys::signal::SIGTERM;
use supervisor::sys::start::Stack;
use supervisor::sys::table::Table;
use supervisor::sys::text::parse_number;
use supervisor::sys::wait::wait_for;

supervisor::resident!(run);

const USAGE: &str = "usage: floor keep COUNT PROGRAM | floor run WIDTH COUNT PROGRAM ARGUMENT | floor read DIR";

fn run(stack: Stack) -> i32 {
    let word = |at| stack.argument(at);
    let number = |at| word(at).map(CStr::to_bytes).and_then(parse_number);
    let environment = Environment::of(&stack);
    let done = match (word(1).map(CStr::to_bytes), word(2), word(3)) {
        (Some(b"keep"), Some(_), Some(program)) => keep(number(2).unwrap_or(0), &[program], environment),
        (Some(b"run"), Some(_), Some(_)) => match (word(4), word(5)) {
            (Some(program), Some(argument)) => {
                run_all(number(2).unwrap_or(1), number(3).unwrap_or(0), &[program, argument], environment)
            }
            _ => Err(Errno::EINVAL),
        },
        (Some(b"read"), Some(directory), None) => read_all(directory),
        _ => Err(Errno::EINVAL),
    };
    let tell = |pieces: &[Piece<'_>]| Messages::new("floor").tell(b"", Level::Fatal, pieces);
    match done {
        Ok(()) => 0,
        Err(Errno::EINVAL) => {
            tell(&[Piece::Text(USAGE)]);
            100
        }
        Err(errno) => {
            tell(&[Piece::Text("unable to go on: "), Piece::Errno(errno)]);
            111
        }
    }
}

/// Starts `count` services, and ends them when standard input does.
fn keep(count: u64, command: &[&CStr], environment: Environment) -> Result<()> {
    let mut pids = Table::new();
    for _ in 0..count {
        pids.push(spawn(command, environment)?)?;
    }
    while STDIN.read(&mut [0; 16])? > 0 {}
    for &pid in pids.iter() {
        process::kill(pid, SIGTERM)?;
    }
    for &pid in pids.iter() {
        wait_for(pid)?;
    }
    Ok(())
}

/// Runs a command `count` times, `width` at a time.
fn run_all(width: u64, count: u64, command: &[&CStr], environment: Environment) -> Result<()> {
    for started in 0..count {
        if started >= width {
            wait_for(ANY)?;
        }
        spawn(command, environment)?;
    }
    for _ in 0..width.min(count) {
        wait_for(ANY)?;
    }
    Ok(())
}

/// As a pid to wait for: whichever child ends first (-1 to the kernel).
const ANY: u32 = u32::MAX;

fn spawn(command: &[&CStr], environment: Environment) -> Result<u32> {
    match fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => {
            let program = command.first().copied().unwrap_or(c"");
            exec(program, &Arguments::of(command), environment);
            supervisor::sys::exit(111)
        }
    }
}

/// Reads every file of a directory.
fn read_all(path: &CStr) -> Result<()> {
    let directory = files::open(path, O_RDONLY | O_DIRECTORY, 0)?;
    let mut names = Names::of(*directory);
    while let Some(name) = names.next_name()? {
        if !matches!(name.to_bytes(), b"." | b"..") {
            read_one(*directory, name)?;
        }
    }
    Ok(())
}

fn read_one(directory: Descriptor, name: &CStr) -> Result<()> {
    let file = files::open_at(directory, name, O_RDONLY, 0)?;
    while file.read(&mut [0; 4096])? > 0 {}
    Ok(())
}
