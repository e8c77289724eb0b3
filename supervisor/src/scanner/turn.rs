//! The scanner's loop: it waits, gathers what is to be done, and has it done.

use crate::sys::changes::{Change, Changes, IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO, IN_Q_OVERFLOW};
use crate::sys::descriptor::Owned;
use crate::sys::error::Errno;
use crate::sys::seldom::Seldom;
use crate::sys::signal;
use crate::sys::time;
use crate::sys::wait::Ended;

use super::orders::Orders;
use super::report;
use super::run::{CONTROL, FOLLOWED, MILLISECOND, SIGNAL, Scanner, UNSEEN, give_up};

/// Most readings of changes before anything else is looked at.
const TURN: u32 = 64;

impl Scanner {
    /// Scans and goes on until the end; gives the exit code.
    #[inline(never)]
    pub(super) fn watch(&mut self, ready: Option<i32>, seldom: &Seldom) -> i32 {
        if self.settled_at.is_some() {
            self.take_over();
        }
        if let Some(code) = self.obey(Orders { scan: self.settled_at.is_none(), ..Orders::default() }) {
            return code;
        }
        if let Some(fd) = ready.map(Owned::adopt) {
            let _ = fd.write(b"\n");
        }
        seldom.give_back();
        loop {
            let orders = match self.wait() {
                Ok(orders) => orders,
                Err(errno) => {
                    report::fatal(&mut self.messages, "wait", b"", errno, "");
                    return give_up(&self.children, 111, self.is_process_1, &mut self.messages);
                }
            };
            if let Some(code) = self.obey(orders) {
                return code;
            }
        }
    }

    /// Waits, and gathers what is to be done.
    fn wait(&mut self) -> Result<Orders, Errno> {
        let due = if self.is_ending { None } else { self.due(time::monotonic()) };
        let next = match (due, self.scan_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let wait = next.map(|at| at.saturating_sub(time::monotonic()).div_ceil(MILLISECOND));
        let wait = if self.may_reap { Some(0) } else { wait };
        let ready = self.epoll.wait(wait)?;
        let mut orders = Orders::default();
        for token in ready.tokens() {
            match token {
                SIGNAL => self.take_signals(&mut orders),
                CONTROL => self.take_letters(&mut orders),
                token if token & 255 == FOLLOWED => {
                    let pid = (token >> 8) as u32;
                    self.followed.remove(pid);
                    self.entries.end(Ended { pid, status: UNSEEN }, time::monotonic());
                }
                _ => self.take_changes(&mut orders),
            }
        }
        orders.scan |= self.scan_at.is_some_and(|at| at <= time::monotonic());
        Ok(orders)
    }

    fn take_letters(&mut self, orders: &mut Orders) {
        let mut letters = [0; 64];
        for control in self.directory.controls() {
            let size = control.read(&mut letters).unwrap_or(0);
            letters.iter().take(size).for_each(|&letter| orders.take(letter));
        }
    }

    /// A name that came is looked at and nothing else; that one has left matters only once somebody asks.
    #[inline(never)]
    fn take_changes(&mut self, orders: &mut Orders) {
        for _ in 0..TURN {
            let Some(mut changes) = self.changes.as_ref().and_then(|changes| Changes::read(**changes)) else { return };
            while let Some(Change { mask, name }) = changes.next_change() {
                orders.scan |= mask & IN_Q_OVERFLOW != 0;
                self.is_stale |= mask & (IN_DELETE | IN_MOVED_FROM) != 0;
                if mask & (IN_CREATE | IN_MOVED_TO) != 0 {
                    self.look(name);
                }
            }
        }
        // There is more: one scan instead.
        orders.scan = true;
    }

    #[inline(never)]
    fn take_signals(&mut self, orders: &mut Orders) {
        while let Some(signal) = signal::next_signal(*self.signals) {
            if !self.run_handler(signal)
                && let Some(letter) = Orders::letter_of(signal, self.is_process_1)
            {
                orders.take(letter);
            }
        }
    }
}
