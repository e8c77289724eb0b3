//! What signals ask of svlog: TERM to leave, ALRM to rotate. Both are blocked and read from a descriptor.

use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::Result;
use crate::sys::event::{EPOLLIN, wait_ready};
use crate::sys::signal::{self, Disposition, SIGALRM, SIGPIPE, SIGTERM, Signals};

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
}

impl Orders {
    /// Blocks the signals and takes them from now on.
    pub fn new() -> Result<Self> {
        let signals = Signals::of(&[SIGTERM, SIGALRM]);
        signal::set_blocked(signals)?;
        signal::set_disposition(SIGPIPE, Disposition::Ignore)?;
        Ok(Self { signals: signal::signal_descriptor(signals)?, leave: false, rotate: false })
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
        }
    }

    /// Waits a moment, less if an order comes; false once we are to leave.
    pub fn pause(&mut self) -> bool {
        if !self.leave {
            let _ = wait_ready(*self.signals, EPOLLIN, Some(RETRY));
            self.read();
        }
        !self.leave
    }
}
