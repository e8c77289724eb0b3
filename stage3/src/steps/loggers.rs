//! Step 4: loggers read everything that was written, and end.
//!
//! `x` first: a logger that ends must not be started again. Then the scanner closes its ends of the pipes, so that each
//! logger meets the end of its input. Only one that does not end by itself is told to. The catch-all comes last, since
//! the others' supervises may write to it, and never meets an end of input: its FIFO is drained first.
//!
//! A logger that is told to end, or killed, while a slow disk takes what it has read would lose what it has not.

use super::services::{still_supervised, until_ended};
use super::{processes, sync};
use crate::cockpit::{Patience, work};
use crate::process::Process;
use crate::services::{self, Role, Service};
use crate::stop::Stop;
use nix::libc::O_NONBLOCK;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;
use supervisor::control::scanner::CLOSE_PIPES;
use supervisor::control::supervise::{DOWN, EXIT};
use supervisor::paths;
use supervisor::sys::stop::bytes_waiting;

/// How long a logger may read before it is told to end; longer while it hangs in the kernel and the disks get anywhere.
const DRAIN: Duration = work::LOOK;
/// How long it may take once told.
const END: Duration = Duration::from_secs(5);

/// Ends the loggers, the catch-all last.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let mut services = services::all(&stop.run);
    services.retain(|service| service.role != Role::Service && service.is_supervised());
    let (catch_all, loggers): (Vec<_>, Vec<_>) = services.into_iter().partition(|s| s.role == Role::CatchAll);
    for service in loggers.iter().chain(&catch_all) {
        service.watch(&mut stop.events);
    }
    loggers.iter().for_each(|service| service.tell(&[EXIT]));
    let is_closed = close_pipes(stop);
    let is_done = !is_closed && loggers.iter().all(has_read_everything);
    if is_done || !until_drained(stop, &loggers) {
        end(stop, &loggers);
    }
    let drained = if catch_all.is_empty() { Ok(()) } else { drain_fifo(stop) };
    end(stop, &catch_all);
    let ended = still_supervised(&loggers).and(still_supervised(&catch_all));
    if ended.is_err() {
        processes::note_loggers(stop);
    }
    ended.and(drained)
}

/// Tells them to go down and waits until they have.
fn end(stop: &mut Stop, services: &[Service]) {
    services.iter().for_each(|service| service.tell(&[DOWN, EXIT]));
    until_ended(stop, Patience::of(END), services);
}

/// Waits until they have ended by themselves. In a container what disks do is the host's.
fn until_drained(stop: &mut Stop, loggers: &[Service]) -> bool {
    let is_machine = stop.permit.first_namespace();
    let mut get_anywhere = work::progress(sync::LIMIT);
    let mut again = || is_machine && loggers.iter().any(hangs) && get_anywhere();
    until_ended(stop, Patience { again: Some(&mut again), ..Patience::of(DRAIN) }, loggers)
}

/// It is in uninterruptible sleep.
fn hangs(logger: &Service) -> bool {
    let process = logger.status().and_then(|status| Process::of(status.pid));
    process.is_some_and(|process| process.state == 'D')
}

/// False for another scanner, which does not know the letter: its loggers are told once they have read everything, or after
/// the time for draining.
fn close_pipes(stop: &Stop) -> bool {
    let control = stop.run.join(paths::run::SCAN).join(paths::scan::CONTROL);
    let fifo = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control);
    fifo.is_ok_and(|mut fifo| fifo.write_all(&[CLOSE_PIPES]).is_ok())
}

/// Nothing is in its pipe, which nobody writes to any more but the scanner.
fn has_read_everything(logger: &Service) -> bool {
    let open = |pid: u32| OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(format!("/proc/{pid}/fd/0"));
    let pipe = logger.status().and_then(|status| open(status.pid).ok());
    pipe.is_some_and(|pipe| bytes_waiting(pipe.as_raw_fd()).is_ok_and(|bytes| bytes == 0))
}

/// Waits until the catch-all has read what is in the FIFO.
fn drain_fifo(stop: &mut Stop) -> Result<(), String> {
    let path = stop.run.join(paths::run::LOG_FIFO);
    let Ok(fifo) = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path) else { return Ok(()) };
    stop.events.add_reads(&path);
    let is_empty = || bytes_waiting(fifo.as_raw_fd()).is_ok_and(|bytes| bytes == 0);
    if stop.events.until(DRAIN, is_empty) {
        return Ok(());
    }
    Err(format!("'{}' was not read to its end", path.display()))
}
