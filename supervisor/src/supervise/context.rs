//! What all services of one supervise share.

use core::ffi::CStr;

use crate::sys::event::Epoll;
use crate::sys::exec::Environment;
use crate::sys::message::{Level, Messages, Piece};
use crate::sys::time;

use super::event::Now;

/// The surroundings of a service.
#[derive(Debug)]
pub struct Context {
    /// Where messages go.
    pub messages: Messages,
    /// What is waited for.
    pub epoll: Epoll,
    /// The environment that services get.
    pub environment: Environment,
    /// The clocks, as of the last time that supervise woke up.
    pub now: Now,
    /// The `oom_score_adj` that services get, where supervise's is another.
    pub oom: Option<&'static CStr>,
    /// supervise's own pid.
    pub own: u32,
    /// It looks after several services.
    pub is_group: bool,
    /// It was called `runsv`.
    pub is_runit: bool,
}

impl Context {
    /// Reads the clocks.
    pub fn look_at_clocks(&mut self) {
        self.now = Now { monotonic: time::monotonic(), since_boot: time::since_boot(), label: time::label() };
    }

    /// Warns about a service.
    pub fn warn(&mut self, name: &[u8], pieces: &[Piece<'_>]) {
        self.messages.tell(name, Level::Warning, pieces);
    }
}

/// Which descriptor of which service an epoll event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A signal for supervise itself.
    Signal,
    /// The control FIFO.
    Control(usize),
    /// The readiness pipe.
    Notify(usize),
    /// The socket for notifications.
    Ear(usize),
    /// The pidfd of a process that is not our child.
    Follow(usize),
}

impl Source {
    /// As the number that epoll keeps.
    pub const fn token(self) -> u64 {
        let (kind, index) = match self {
            Self::Signal => (0, 0),
            Self::Control(index) => (1, index),
            Self::Notify(index) => (2, index),
            Self::Ear(index) => (3, index),
            Self::Follow(index) => (4, index),
        };
        (index as u64) << 8 | kind
    }

    /// From the number that epoll kept.
    pub const fn from_token(token: u64) -> Option<Self> {
        let index = (token >> 8) as usize;
        match token & 255 {
            0 => Some(Self::Signal),
            1 => Some(Self::Control(index)),
            2 => Some(Self::Notify(index)),
            3 => Some(Self::Ear(index)),
            4 => Some(Self::Follow(index)),
            _ => None,
        }
    }
}
