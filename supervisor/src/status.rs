//! The status record, version 1: 64 bytes in `supervise/status`, always replaced by rename.
//!
//! daemontools reads the first 18 bytes, runit the first 20; the rest is ours. Layout (all numbers little-endian, times
//! TAI64N unless said otherwise):
//!
//! ```text
//!  0–11 time of the last change          12–15 pid (finish's while finish runs)
//! 16 paused    17 want 'u' | 'd' | 0     18 got TERM    19 0 down, 1 run, 2 finish
//! 20–22 "sun"  23 version = 1            24–35 time when ready (zero: not)
//! 36–37 last wait status (65535: none; 65534: unknown)   38 flags: 1 ready, 2 normally up, 4 ended for good,
//! 8 reloading, 16 stopping              39 zero
//! 40–43 deaths    44–51 the pid's start time in clock ticks (/proc/PID/stat field 22)
//! 52–59 CLOCK_BOOTTIME of the last change, ns            60–63 zero
//! ```
//!
//! A record written before exec has the pid and phase [`Phase::Down`]; one with [`Phase::Run`] follows when exec has
//! succeeded.

use crate::tai::Tai64n;

/// Bytes in a record.
pub const SIZE: usize = 64;
/// Bytes of it that daemontools and every other reader knows.
pub const SIZE_DAEMONTOOLS: usize = 18;
/// Bytes of it that runit knows.
pub const SIZE_RUNIT: usize = 20;

/// What the supervise wants of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Keep it running.
    Up,
    /// Keep it down.
    Down,
    /// Let it end, and do not start it again.
    Once,
}

/// Which of the service's programs is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// None, or `run` before its exec.
    Down,
    /// `run`.
    Run,
    /// `finish`.
    Finish,
}

/// How the last `run` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastExit {
    /// It has not ended yet, ever.
    None,
    /// It ended unseen; that counts as failure.
    Unknown,
    /// As waitpid tells it.
    Status(u16),
}

impl LastExit {
    /// The exit code, if it exited.
    pub fn code(self) -> Option<u8> {
        match self {
            Self::Status(s) if s & 0x7f == 0 => Some((s >> 8) as u8),
            _ => None,
        }
    }

    /// The signal that ended it, if one did.
    pub fn signal(self) -> Option<u32> {
        match self {
            Self::Status(s) if s & 0x7f != 0 => Some(u32::from(s & 0x7f)),
            _ => None,
        }
    }
}

/// The record, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Time of the last change.
    pub changed: Tai64n,
    /// Process number of `run` or `finish`; 0: none.
    pub pid: u32,
    /// The service was sent STOP.
    pub paused: bool,
    /// What supervise wants.
    pub want: Want,
    /// The service was sent TERM.
    pub got_term: bool,
    /// Which program runs.
    pub phase: Phase,
    /// When it became ready, or was again after a reload; [`Tai64n::NEVER`] if it is not.
    pub ready_since: Tai64n,
    /// How the last `run` ended.
    pub last_exit: LastExit,
    /// It has said that it is ready.
    pub ready: bool,
    /// There is no `down` file.
    pub normally_up: bool,
    /// It will not be started again.
    pub ended_for_good: bool,
    /// It has said that it is busy reloading.
    pub reloading: bool,
    /// It has said that it is about to end.
    pub stopping: bool,
    /// Unasked ends of `run` since supervise's start.
    pub deaths: u32,
    /// The pid's start time in clock ticks since boot, 0 without a pid.
    pub start_ticks: u64,
    /// CLOCK_BOOTTIME of the last change in ns.
    pub changed_boot_ns: u64,
}

impl Status {
    /// A service that has never been started.
    pub const NEW: Self = Self {
        changed: Tai64n::NEVER,
        pid: 0,
        paused: false,
        want: Want::Up,
        got_term: false,
        phase: Phase::Down,
        ready_since: Tai64n::NEVER,
        last_exit: LastExit::None,
        ready: false,
        normally_up: true,
        ended_for_good: false,
        reloading: false,
        stopping: false,
        deaths: 0,
        start_ticks: 0,
        changed_boot_ns: 0,
    };

    /// The 64 bytes of the record.
    pub fn pack(&self) -> [u8; SIZE] {
        let mut b = [0; SIZE];
        b[0..12].copy_from_slice(&self.changed.0);
        b[12..16].copy_from_slice(&self.pid.to_le_bytes());
        b[16] = u8::from(self.paused);
        b[17] = match self.want {
            Want::Up => b'u',
            Want::Down => b'd',
            Want::Once => 0,
        };
        b[18] = u8::from(self.got_term);
        b[19] = match self.phase {
            Phase::Down => 0,
            Phase::Run => 1,
            Phase::Finish => 2,
        };
        b[20..24].copy_from_slice(b"sun\x01");
        b[24..36].copy_from_slice(&self.ready_since.0);
        let exit = match self.last_exit {
            LastExit::None => 65535,
            LastExit::Unknown => 65534,
            LastExit::Status(s) => s,
        };
        b[36..38].copy_from_slice(&exit.to_le_bytes());
        b[38] = u8::from(self.ready)
            | u8::from(self.normally_up) << 1
            | u8::from(self.ended_for_good) << 2
            | u8::from(self.reloading) << 3
            | u8::from(self.stopping) << 4;
        b[40..44].copy_from_slice(&self.deaths.to_le_bytes());
        b[44..52].copy_from_slice(&self.start_ticks.to_le_bytes());
        b[52..60].copy_from_slice(&self.changed_boot_ns.to_le_bytes());
        b
    }

    /// Reads a record of ours; `None` when it is none (too short, another magic or version, a byte out of range).
    pub fn unpack(b: &[u8]) -> Option<Self> {
        let b: &[u8; SIZE] = b.get(..SIZE)?.try_into().ok()?;
        if &b[20..24] != b"sun\x01" {
            return None;
        }
        Some(Self {
            changed: Tai64n(b[0..12].try_into().ok()?),
            pid: u32::from_le_bytes(b[12..16].try_into().ok()?),
            paused: b[16] != 0,
            want: match b[17] {
                b'u' => Want::Up,
                b'd' => Want::Down,
                0 => Want::Once,
                _ => return None,
            },
            got_term: b[18] != 0,
            phase: match b[19] {
                0 => Phase::Down,
                1 => Phase::Run,
                2 => Phase::Finish,
                _ => return None,
            },
            ready_since: Tai64n(b[24..36].try_into().ok()?),
            last_exit: match u16::from_le_bytes([b[36], b[37]]) {
                65535 => LastExit::None,
                65534 => LastExit::Unknown,
                s => LastExit::Status(s),
            },
            ready: b[38] & 1 != 0,
            normally_up: b[38] & 2 != 0,
            ended_for_good: b[38] & 4 != 0,
            reloading: b[38] & 8 != 0,
            stopping: b[38] & 16 != 0,
            deaths: u32::from_le_bytes(b[40..44].try_into().ok()?),
            start_ticks: u64::from_le_bytes(b[44..52].try_into().ok()?),
            changed_boot_ns: u64::from_le_bytes(b[52..60].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Status {
        Status {
            changed: Tai64n::from_unix(1_700_000_000, 5),
            pid: 0x0102_0304,
            paused: true,
            want: Want::Once,
            got_term: true,
            phase: Phase::Finish,
            ready_since: Tai64n::from_unix(1_700_000_001, 6),
            last_exit: LastExit::Status(0x0100),
            ready: true,
            normally_up: true,
            ended_for_good: true,
            reloading: true,
            stopping: true,
            deaths: 7,
            start_ticks: 8,
            changed_boot_ns: 9,
        }
    }

    /// Every byte of the record is where DESIGN says.
    #[test]
    fn golden_bytes() {
        let mut expected = [0u8; SIZE];
        expected[0..12].copy_from_slice(&[0x40, 0, 0, 0, 0x65, 0x53, 0xf1, 0x0a, 0, 0, 0, 5]);
        expected[12..24].copy_from_slice(&[4, 3, 2, 1, 1, 0, 1, 2, b's', b'u', b'n', 1]);
        expected[24..36].copy_from_slice(&[0x40, 0, 0, 0, 0x65, 0x53, 0xf1, 0x0b, 0, 0, 0, 6]);
        expected[36..40].copy_from_slice(&[0, 1, 31, 0]);
        expected[40] = 7;
        expected[44] = 8;
        expected[52] = 9;
        assert_eq!(sample().pack(), expected);
    }

    /// Unpacking a packed record gives the record.
    #[test]
    fn round_trip() {
        for status in [Status::NEW, sample()] {
            assert_eq!(Status::unpack(&status.pack()), Some(status));
        }
    }

    /// A record of another family, a short one and one with a foreign byte are refused.
    #[test]
    fn refuses_what_is_not_ours() {
        let good = sample().pack();
        assert_eq!(Status::unpack(&good[..20]), None);
        for (at, byte) in [(20, b'x'), (23, 2), (17, b'q'), (19, 3)] {
            let mut bad = good;
            bad[at] = byte;
            assert_eq!(Status::unpack(&bad), None, "byte {at}");
        }
    }
}
