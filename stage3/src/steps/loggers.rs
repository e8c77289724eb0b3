//! Step 4: loggers read everything that was written, and end.
//!
//! `x` first: a logger that ends must not be started again. Then the scanner closes its ends of the pipes, so that each
//! logger meets the end of its input. Only one that does not end by itself is told to. The catch-all comes last, since
//! the others' supervises may write to it, and never meets an end of input: its FIFO is drained first.

use super::processes;
use super::services::{still_supervised, until_ended};
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

/// How long a logger may read before it is told to end.
const DRAIN: Duration = Duration::from_secs(10);
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
    close_pipes(stop);
    if !until_ended(stop, DRAIN, &loggers) {
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
    until_ended(stop, END, services);
}

/// Another scanner does not know the letter; its loggers are told after the time for draining.
fn close_pipes(stop: &Stop) {
    let control = stop.run.join(paths::run::SCAN).join(paths::scan::CONTROL);
    if let Ok(mut fifo) = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control) {
        let _ = fifo.write_all(&[CLOSE_PIPES]);
    }
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
