//! What the machine is told: what happened, when, and what the service's files say.

use crate::restart::Restart;
use crate::status::LastExit;
use crate::sys::signal;
use crate::tai::Tai64n;

/// ns in a second.
pub const SECOND: u64 = 1_000_000_000;
/// ns that a logger may read when it drains.
pub const DRAIN_LIMIT: u64 = 5 * SECOND;
/// ns that it, and its `finish`, may take after that.
pub const DRAIN_GRACE: u64 = 2 * SECOND;

/// ns from ABRT to KILL for a service that gave no sign of life, unless `timeout-kill` says otherwise.
pub const SILENT_GRACE: u64 = 10 * SECOND;

/// The three clocks at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// CLOCK_MONOTONIC, ns.
    pub monotonic: u64,
    /// CLOCK_BOOTTIME, ns.
    pub since_boot: u64,
    /// CLOCK_REALTIME.
    pub label: Tai64n,
}

/// What the files of the service directory say; read anew at every start of `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The signal of `d` and `r`.
    pub down_signal: u32,
    /// The signal of `l`.
    pub reload_signal: u32,
    /// ns from `d` to KILL; 0: never.
    pub kill_after: u64,
    /// ns that `finish` may take; 0: no limit.
    pub finish_limit: u64,
    /// A stop reaches every process of the service.
    pub kill_all: bool,
    /// What to do when it ended by itself.
    pub restart: Restart,
    /// ns that it rests at most when it loops.
    pub longest_rest: u64,
    /// ns within which it must give a sign of life again, once it has been ready or given one; 0: it need not.
    pub watchdog: u64,
    /// Its directory is runit's: `x` stops it as well.
    pub is_runit: bool,
}

impl Settings {
    /// What holds without any file.
    pub const DEFAULT: Self = Self {
        down_signal: signal::SIGTERM,
        reload_signal: signal::SIGHUP,
        kill_after: 0,
        finish_limit: 5 * SECOND,
        kill_all: false,
        restart: Restart::Always,
        longest_rest: 60 * SECOND,
        watchdog: 0,
        is_runit: false,
    };
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// supervise begins to look after the service.
    Begin,
    /// It begins for the last time: a logger reads what is left, once, and is left then, whatever it does.
    Drain,
    /// The process of a predecessor, which the record names, is alive and is followed from now on.
    Adopted(Settings),
    /// A letter came through the control FIFO.
    Letter(u8),
    /// A process was made and is about to become its program; its start time in clock ticks.
    Forked(u32, u64, Settings),
    /// No process could be made.
    NotForked,
    /// There is no `finish`.
    NoFinish,
    /// Something comes before the start.
    Postponed,
    /// What came before a start is done.
    Prepared,
    /// The process has become its program.
    Executed,
    /// The process could not become its program; the shell's exit code for that (126 or 127).
    NotExecuted(u8),
    /// A process ended.
    Ended {
        /// Which.
        pid: u32,
        /// How.
        exit: LastExit,
        /// As a death it would be the last that `max-deaths` allows.
        is_last: bool,
    },
    /// The service goes on in another process; its start time in clock ticks.
    Moved(u32, u64),
    /// The service says that it is ready.
    Ready,
    /// The service says that it is busy reloading, until it is ready again.
    Reloading,
    /// The service says that it is about to end.
    Stopping,
    /// The service gives a sign of life.
    Alive,
    /// The service says that it is not well.
    Unwell,
    /// The service wants another watchdog interval (ns).
    Watchdog(u64),
    /// A deadline may have passed.
    Time,
}
