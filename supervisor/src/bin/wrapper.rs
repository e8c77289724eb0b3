//! The supervise wrapper, called `supervise`, `runsv` or `s6-supervise` in the first directory of the scanner's PATH.
//!
//! While the flag `RUN/stopping` is absent it becomes the real supervise. Once the flag is there, no service is started
//! any more, but a logger whose pipe still holds something reads it to the end: its supervise is run once more with
//! descriptor 0 non-blocking, so that "nothing there" looks like an error or an end to the logger, and is told to leave
//! when the logger ends, or after some seconds. A supervise of several services is not started either: svscan then asks
//! for each of them alone.
//!
//! It puts the original PATH back, so that services never see the scanner's.
#![no_std]
#![no_main]

use core::ffi::CStr;

use supervisor::c_path;
use supervisor::paths::{self, run, service};
use supervisor::supervise::run::DRAIN;
use supervisor::sys::descriptor::{HERE, Owned, STDIN};
use supervisor::sys::error::Errno;
use supervisor::sys::exec::{Arguments, Environment, exec};
use supervisor::sys::files::{self, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY};
use supervisor::sys::message::{Level, Messages, Piece};
use supervisor::sys::start::Stack;
use supervisor::sys::text::{Text, first_line};

supervisor::resident!(run);

/// The scanner's original PATH.
const ORIGINAL_PATH: &[u8] = b"SUPERVISE_PATH";
/// What it becomes.
const SUPERVISE: &CStr = c"supervise";
/// What runsv becomes for a service with a logger, which is its, not the scanner's.
const PAIR: &CStr = c"pair";
/// Bytes of a path below the run directory.
type Path = Text<512>;

fn run(mut stack: Stack) -> i32 {
    let run = stack.variable(paths::RUN_VARIABLE.as_bytes()).map_or(paths::RUN.as_bytes(), CStr::to_bytes);
    let flag = below(run, &[run::STOPPING]);
    let is_stopping = flag.c_str().is_some_and(|flag| files::status_at(HERE, flag).is_ok());
    if is_stopping && !drains(&stack) {
        return 0;
    }
    restore_path(&mut stack);
    let errno = become_supervise(&stack, run, is_stopping);
    let name = stack.argument(1).map_or(b"".as_slice(), CStr::to_bytes);
    let pieces =
        [Piece::Text("unable to run supervise for "), Piece::Name(name), Piece::Text(": "), Piece::Errno(errno)];
    Messages::new("wrapper").tell(b"", Level::Fatal, &pieces);
    111
}

/// A path below the run directory.
fn below(run: &[u8], parts: &[&str]) -> Path {
    let mut path = Path::new();
    path.push(run);
    for part in parts {
        path.push(b"/");
        path.push(part.as_bytes());
    }
    path
}

/// It is a logger, by its name or because it reads a FIFO, and there is something left for it to read.
fn drains(stack: &Stack) -> bool {
    let Some(argument) = stack.argument(1) else { return false };
    if core::str::from_utf8(argument.to_bytes()).is_ok_and(paths::is_logger_name) {
        // The flag stays until the machine has stopped, so nobody has to clear this again.
        return STDIN.bytes_waiting().is_ok_and(|count| count > 0) && STDIN.set_nonblocking(true).is_ok();
    }
    fifo_of(argument).is_some_and(|fifo| fifo.bytes_waiting().is_ok_and(|count| count > 0))
}

/// The FIFO of a logger with `stdin-fifo`.
fn fifo_of(directory: &CStr) -> Option<Owned> {
    let directory = files::open(directory, O_PATH | O_DIRECTORY, 0).ok()?;
    let mut buffer = [0; 256];
    let line = first_line(files::read_at(*directory, c_path!(service::STDIN_FIFO), &mut buffer).ok()?);
    let mut path = Path::new();
    path.push(line);
    files::open_at(*directory, path.c_str()?, O_RDONLY | O_NONBLOCK, 0).ok()
}

/// `SUPERVISE_PATH=…` becomes `PATH=…`: the second is the tail of the first.
fn restore_path(stack: &mut Stack) {
    if let Some(path) = stack.variable_tail(ORIGINAL_PATH, b"PATH") {
        stack.replace_variable(b"PATH", path);
        stack.remove_variable(ORIGINAL_PATH);
    }
}

fn become_supervise(stack: &Stack, run: &[u8], drains: bool) -> Errno {
    let called = stack.argument(0).unwrap_or(SUPERVISE);
    let is_runsv = stack.is_called(b"runsv");
    // Whose scanner it is changes nothing in what a service is.
    let called = if is_runsv { SUPERVISE } else { called };
    let (program, arguments) = match stack.argument(1) {
        Some(directory) if is_runsv && has_logger(directory) => (PAIR, Arguments::of(&[PAIR, directory])),
        Some(directory) if drains => (SUPERVISE, Arguments::of(&[called, DRAIN, directory])),
        Some(directory) if is_runsv => (SUPERVISE, Arguments::of(&[called, directory])),
        _ => (SUPERVISE, Arguments::of_stack(stack)),
    };
    let mut path = below(run, &[run::BIN, ""]);
    path.push(program.to_bytes());
    path.c_str().map_or(Errno::ENAMETOOLONG, |path| exec(path, &arguments, Environment::of(stack)))
}

/// It has a directory `log`.
fn has_logger(directory: &CStr) -> bool {
    files::open(directory, O_PATH | O_DIRECTORY, 0)
        .and_then(|directory| files::open_at(*directory, c_path!(service::LOG), O_PATH | O_DIRECTORY, 0))
        .is_ok()
}
