//! Letters that are written into control FIFOs. Unknown ones are ignored, as everywhere in this family.
//!
//! A client opens a control FIFO for writing without blocking: ENXIO means that nobody reads, so the program is not
//! running. A whole command is one write, so that two clients never mix.

/// Letters of `supervise/control`. daemontools' first, then s6's.
pub mod supervise {
    /// Want up; start if down.
    pub const UP: u8 = b'u';
    /// Want down; TERM (or the down signal), then CONT.
    pub const DOWN: u8 = b'd';
    /// Start if down, do not restart.
    pub const ONCE: u8 = b'o';
    /// STOP.
    pub const PAUSE: u8 = b'p';
    /// CONT.
    pub const CONTINUE: u8 = b'c';
    /// HUP.
    pub const HANGUP: u8 = b'h';
    /// ALRM.
    pub const ALARM: u8 = b'a';
    /// INT.
    pub const INTERRUPT: u8 = b'i';
    /// TERM.
    pub const TERMINATE: u8 = b't';
    /// KILL.
    pub const KILL: u8 = b'k';
    /// Exit as soon as the service is down.
    pub const EXIT: u8 = b'x';
    /// QUIT.
    pub const QUIT: u8 = b'q';
    /// ABRT.
    pub const ABORT: u8 = b'b';
    /// USR1.
    pub const USER1: u8 = b'1';
    /// USR2.
    pub const USER2: u8 = b'2';
    /// The down signal, want unchanged: a restart.
    pub const RESTART: u8 = b'r';
    /// The reload signal.
    pub const RELOAD: u8 = b'l';
    /// WINCH.
    pub const WINDOW: u8 = b'y';
    /// STOP to the process group.
    pub const PAUSE_GROUP: u8 = b'P';
    /// CONT to the process group.
    pub const CONTINUE_GROUP: u8 = b'C';
    /// KILL to the process group.
    pub const KILL_GROUP: u8 = b'K';
    /// Want up, and no `down` file any more.
    pub const UP_NORMALLY: u8 = b'U';
    /// Want down, and a `down` file from now on.
    pub const DOWN_NORMALLY: u8 = b'D';
    /// Do not restart.
    pub const NO_RESTART: u8 = b'O';
    /// Do not restart, and a `down` file from now on.
    pub const ONCE_NORMALLY: u8 = b'Q';
    /// Whoever has found out says that the running service is ready, which cannot say so itself.
    pub const READY: u8 = b'n';
    /// svscan has reaped a process of this service: how it ended is in `supervise/ended`.
    pub const REAPED: u8 = b'z';
}

/// Letters of `.svscan/control`. s6-svscanctl's first, ours (capitals that s6 does not use) after.
pub mod scanner {
    /// Reap.
    pub const REAP: u8 = b'z';
    /// Scan now.
    pub const SCAN: u8 = b'a';
    /// Execute `finish` now, leaving the supervises alone.
    pub const FINISH: u8 = b'b';
    /// TERM to supervises whose service left the directory, HUP to their loggers.
    pub const PRUNE: u8 = b'n';
    /// As [`PRUNE`], loggers included with TERM.
    pub const PRUNE_ALL: u8 = b'N';
    /// TERM services, HUP loggers, then finish.
    pub const TERMINATE: u8 = b't';
    /// TERM everything, then finish.
    pub const QUIT: u8 = b'q';
    /// Hold the read end of the FIFO on standard error, so that no writer ever meets a pipe without a reader.
    pub const HOLD_FIFO: u8 = b'F';
    /// Close every log-pipe end and the held FIFO end, so that loggers see end of file: stage 3, step 4.
    pub const CLOSE_PIPES: u8 = b'E';
    /// Execute svscan again, in the same process: an upgrade. Services, pipes and pids stay.
    pub const EXECUTE_AGAIN: u8 = b'R';
}
