//! The clocks of the program around the engine, which has none.

use nix::time::{ClockId, clock_gettime};
use supervisor::tai::Tai64n;

/// Nanoseconds of a clock; 0 if the kernel has none, which no kernel says.
fn nanoseconds(clock: ClockId) -> u64 {
    let Ok(time) = clock_gettime(clock) else { return 0 };
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// CLOCK_MONOTONIC in ns: deadlines, timeline, boot.log.
pub fn monotonic() -> u64 {
    nanoseconds(ClockId::CLOCK_MONOTONIC)
}

/// CLOCK_REALTIME in ns: lines of logs.
pub fn realtime() -> u64 {
    nanoseconds(ClockId::CLOCK_REALTIME)
}

/// A CLOCK_REALTIME in ns as it stands before lines of logs.
pub fn tai(realtime: u64) -> Tai64n {
    Tai64n::from_unix((realtime / 1_000_000_000).cast_signed(), (realtime % 1_000_000_000) as u32)
}

/// CLOCK_BOOTTIME in ns: `since_ns` of state files.
pub fn boottime() -> u64 {
    nanoseconds(ClockId::CLOCK_BOOTTIME)
}
