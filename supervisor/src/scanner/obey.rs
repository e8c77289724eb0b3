//! What the scanner does when it is told: by letters, by signals, by the end of a process.

use crate::c_path;
use crate::paths::scan;
use crate::sys::crash;
use crate::sys::descriptor::{HERE, STDERR};
use crate::sys::error::Errno;
use crate::sys::files::{self, O_NONBLOCK, O_RDONLY};
use crate::sys::process;
use crate::sys::text::{Shown, Text};
use crate::sys::time;

use super::adopt::Supervises;
use super::orders::{Orders, handler_name};
use super::run::{RETRY, Scanner};
use super::table::Scan;

/// Most processes reaped before anything else is looked at.
const TURN: u32 = 256;
/// The wait status of a supervise that could not get its lock: exit code 111.
const REFUSED: u16 = 111 << 8;

impl Scanner {
    /// Runs the signal's handler; false when there is none.
    pub(super) fn run_handler(&mut self, signal: u32) -> bool {
        let Some(name) = handler_name(signal) else { return false };
        let mut path = Text::<64>::new();
        path.push(scan::HANDLER.as_bytes());
        path.push(name.bytes());
        let Some(path) = path.c_str() else { return false };
        if files::executable_at(HERE, path).is_err() {
            return false;
        }
        if let Err(errno) = self.children.handler(path) {
            self.messages.warn(b"", format_args!("unable to run {}: {errno}", Shown(path.to_bytes())));
        }
        true
    }

    /// Does what is to be done; a number is the exit code.
    pub(super) fn obey(&mut self, orders: Orders) -> Option<i32> {
        self.reap();
        if orders.hold {
            self.hold_fifo();
            self.keep(|record| record.holds = true);
        }
        if orders.close {
            self.close_pipes();
        }
        if orders.again {
            // What was written to the control FIFO besides is lost with it, unlike the record.
            let errno = crash::execute_now(&self.stack);
            self.messages.warn(b"", format_args!("unable to execute svscan again: {errno}"));
        }
        if orders.scan {
            self.scan();
        }
        if orders.prune {
            self.entries.end_supervises(true, orders.prune_loggers);
        }
        if orders.terminate || orders.quit {
            self.is_ending = true;
            self.keep(|record| record.ending = true);
            self.entries.end_supervises(false, orders.quit);
        }
        if orders.finish || (self.is_ending && !self.is_over && self.entries.are_dead()) {
            return self.finish();
        }
        if !self.is_ending {
            self.entries.start(&self.children, time::monotonic(), &mut self.messages);
        }
        None
    }

    /// Reaps, at most so many in a turn: orphans may come as fast as they are reaped.
    pub(super) fn reap(&mut self) {
        let mut refused = false;
        let mut count = 0;
        while count < TURN
            && let Some(ended) = process::reap()
        {
            refused |= ended.status == REFUSED;
            self.entries.end(ended, time::monotonic());
            count += 1;
        }
        self.may_reap = count == TURN;
        if refused {
            self.look_again();
        }
    }

    pub(super) fn close_pipes(&mut self) {
        self.keep(|record| (record.holds, record.closed) = (false, true));
        self.held = None;
        let now = time::monotonic();
        self.entries.hasten_loggers(now);
        self.entries.start(&self.children, now, &mut self.messages);
        self.entries.close_pipes();
    }

    pub(super) fn scan(&mut self) {
        self.scan_with(None);
    }

    pub(super) fn scan_with(&mut self, left: Option<&Supervises>) {
        let complete = self.entries.scan(Scan { messages: &mut self.messages, left, quiet: self.is_incomplete });
        self.is_incomplete = !complete;
        let pause = if complete { self.interval } else { Some(RETRY) };
        self.scan_at = pause.map(|pause| time::monotonic().saturating_add(pause));
    }

    pub(super) fn hold_fifo(&mut self) {
        if !files::status_of(STDERR).is_ok_and(|status| status.is_fifo()) {
            return;
        }
        match files::open(c"/proc/self/fd/2", O_RDONLY | O_NONBLOCK, 0) {
            Ok(fifo) => self.held = Some(fifo),
            Err(errno) => self.messages.warn(b"", format_args!("unable to hold standard error: {errno}")),
        }
    }

    /// Becomes `finish`. Without one we exit, but as process 1 go on reaping.
    pub(super) fn finish(&mut self) -> Option<i32> {
        let errno = self.children.replace_ourselves(c_path!(scan::FINISH));
        if errno != Errno::ENOENT || self.is_process_1 {
            self.messages.warn(b"", format_args!("unable to run {}: {errno}", scan::FINISH));
        }
        self.is_over = true;
        (!self.is_process_1).then_some(0)
    }
}
