//! Step 4: loggers read everything that was written, and end.
//!
//! `x` first: a logger that ends must not be started again. Then the scanner closes its ends of the pipes, so that each
//! logger meets the end of its input. Only one that does not end by itself is told to. The catch-all comes last, since
//! the others' supervises may write to it, and never meets an end of input: its FIFO is drained first.
//!
//! A logger that is told to end, or killed, while a slow disk takes what it has read would lose what it has not.

use super::processes::note_loggers;
use super::services::{still_supervised, until_none};
use super::sync;
use crate::cockpit::{Patience, work};
use crate::processes::{Process, hangs, others, tree};
use crate::services::{self, Role, Service};
use crate::stop::Stop;
use nix::libc::O_NONBLOCK;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::control::scanner::CLOSE_PIPES;
use supervisor::control::supervise::{DOWN, EXIT};
use supervisor::paths;
use supervisor::sys::descriptor::Descriptor;

/// How long a logger may read before it is told to end, and how long it may take then; longer while it hangs in the kernel
/// and the disks get anywhere.
const LIMIT: Duration = work::LOOK;
/// Looks at who hangs in the kernel, and the pauses between them. Whoever writes to a slow disk hangs there most of the
/// time, and runs for a moment now and then.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Ends the loggers, the catch-all last.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let mut services = services::all(&stop.run);
    services.retain(|service| service.role != Role::Service && service.is_supervised());
    let (catch_all, loggers): (Vec<_>, Vec<_>) = services.into_iter().partition(|s| s.role == Role::CatchAll);
    for service in loggers.iter().chain(&catch_all) {
        service.watch(&mut stop.events);
    }
    loggers.iter().for_each(|service| service.tell(&[EXIT]));
    if close_pipes(stop) {
        wait(stop, &loggers, Service::is_supervised);
    } else {
        loggers.iter().filter_map(input).for_each(|pipe| stop.events.add_reads(&pipe));
        wait(stop, &loggers, |logger| logger.is_supervised() && !has_read_everything(logger));
    }
    end(stop, &loggers);
    let drained = if catch_all.is_empty() { Ok(()) } else { drain_fifo(stop, &catch_all) };
    end(stop, &catch_all);
    let ended = still_supervised(&loggers).and(still_supervised(&catch_all));
    if ended.is_err() {
        note_loggers(stop);
    }
    ended.and(drained)
}

/// Tells those that are still there to go down, and waits until they have.
fn end(stop: &mut Stop, services: &[Service]) {
    services.iter().for_each(|service| service.tell(&[DOWN, EXIT]));
    wait(stop, services, Service::is_supervised);
}

/// Waits until none of them is busy. In a container what disks do is the host's.
fn wait(stop: &mut Stop, services: &[Service], is_busy: impl Fn(&Service) -> bool) {
    let is_machine = stop.permit.first_namespace();
    let mut get_anywhere = work::progress(sync::LIMIT);
    let mut again = || is_machine && hang_now_and_then(services) && get_anywhere();
    until_none(stop, Patience { again: Some(&mut again), ..Patience::of(LIMIT) }, services, is_busy);
}

/// One of them, or a process that it has started, as what finished files go through, is in uninterruptible sleep.
fn hang_now_and_then(services: &[Service]) -> bool {
    let pids: Vec<_> = services.iter().filter_map(Service::status).map(|status| status.pid).collect();
    (0..LOOKS).any(|look| {
        std::thread::sleep(PAUSE * look.min(1));
        is_one_hanging(&others(), &pids, hangs)
    })
}

/// One of them, or of what they have started.
fn is_one_hanging(table: &[Process], roots: &[u32], hangs: fn(u32) -> bool) -> bool {
    roots.iter().filter(|root| **root > 1).any(|root| tree(table, *root).into_iter().any(hangs))
}

/// False for another scanner, which does not know the letter: its loggers are told once they have read everything, or after
/// the time for draining.
fn close_pipes(stop: &Stop) -> bool {
    let control = stop.run.join(paths::run::SCAN).join(paths::scan::CONTROL);
    let fifo = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control);
    fifo.is_ok_and(|mut fifo| fifo.write_all(&[CLOSE_PIPES]).is_ok())
}

/// What the logger reads.
fn input(logger: &Service) -> Option<PathBuf> {
    logger.status().map(|status| format!("/proc/{}/fd/0", status.pid).into())
}

/// Nothing is in its pipe, which nobody writes to any more but the scanner.
fn has_read_everything(logger: &Service) -> bool {
    input(logger).and_then(|pipe| open(&pipe)).is_some_and(|pipe| is_empty(&pipe))
}

fn open(pipe: &Path) -> Option<File> {
    OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(pipe).ok()
}

fn is_empty(pipe: &File) -> bool {
    Descriptor(pipe.as_raw_fd()).bytes_waiting().is_ok_and(|bytes| bytes == 0)
}

/// Waits until the catch-all has read what is in the FIFO.
fn drain_fifo(stop: &mut Stop, catch_all: &[Service]) -> Result<(), String> {
    let path = stop.run.join(paths::run::LOG_FIFO);
    let Some(fifo) = open(&path) else { return Ok(()) };
    stop.events.add_reads(&path);
    wait(stop, catch_all, |_| !is_empty(&fifo));
    if is_empty(&fifo) { Ok(()) } else { Err(format!("'{}' was not read to its end", path.display())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a logger has started counts as the logger does, and nobody else, whoever has no process least of all.
    #[test]
    fn who_hangs() {
        let process = |pid, parent| Process { pid, parent, ..Process::default() };
        let table = [process(2, 1), process(3, 2), process(4, 3), process(5, 1), process(6, 0)];
        let hang = |roots: &[u32]| is_one_hanging(&table, roots, |pid| [4, 6].contains(&pid));
        assert!(hang(&[5, 2]));
        assert!(hang(&[4]));
        assert!(!hang(&[5, 0, 1]));
    }
}
