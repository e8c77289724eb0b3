//! What signals ask of svlog: TERM to leave, ALRM to rotate, CHLD to look after processors. They are blocked and read from
//! a descriptor.

use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::Result;
use crate::sys::event::{EPOLLIN, wait_ready};
use crate::sys::signal::{self, Disposition, SIGALRM, SIGCHLD, SIGPIPE, SIGTERM, Signals};
use crate::sys::time;

/// Milliseconds between two tries of a place that does not work: nothing tells when a full disk has room again.
pub const RETRY: u64 = 1000;

/// Orders that have come.
#[derive(Debug)]
pub struct Orders {
    signals: Owned,
    /// TERM.
    pub leave: bool,
    /// ALRM.
    pub rotate: bool,
    /// CHLD.
    pub child: bool,
}

impl Orders {
    /// Blocks the signals and takes them from now on.
    pub fn new() -> Result<Self> {
        let signals = Signals::of(&[SIGTERM, SIGALRM, SIGCHLD]);
        signal::set_blocked(signals)?;
        signal::set_disposition(SIGPIPE, Disposition::Ignore)?;
        // Where it is ignored nobody learns how a child ended.
        signal::set_disposition(SIGCHLD, Disposition::Default)?;
        Ok(Self { signals: signal::signal_descriptor(signals)?, leave: false, rotate: false, child: false })
    }

    /// The descriptor that is readable when there are orders.
    pub fn descriptor(&self) -> Descriptor {
        *self.signals
    }

    /// Takes the orders that have come.
    pub fn read(&mut self) {
        while let Some(signal) = signal::next_signal(*self.signals) {
            self.leave |= signal == SIGTERM;
            self.rotate |= signal == SIGALRM;
            self.child |= signal == SIGCHLD;
        }
    }

    /// Waits a moment between two tries, less if TERM comes in it; false once we are to leave.
    pub fn pause(&mut self) -> bool {
        let end = time::monotonic().saturating_add(RETRY * 1_000_000);
        let left_before = self.leave;
        while self.leave == left_before && time::monotonic() < end {
            self.wait(Some(end));
        }
        !self.leave
    }

    /// Waits for an order, until a moment of CLOCK_MONOTONIC (ns) at most.
    pub fn wait(&mut self, end: Option<u64>) {
        let left = end.map(|end| end.saturating_sub(time::monotonic()).div_ceil(1_000_000));
        let _ = wait_ready(*self.signals, EPOLLIN, left);
        self.read();
    }
}
