//! The clocks of the program around the engine, which has none.

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of a clock; 0 if the kernel has none, which no kernel says.
fn nanoseconds(clock: ClockId) -> u64 {
    let Ok(time) = clock_gettime(clock) else { return 0 };
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// CLOCK_MONOTONIC in ns: deadlines, timeline, boot.log.
pub fn monotonic() -> u64 {
    nanoseconds(ClockId::CLOCK_MONOTONIC)
}

/// CLOCK_BOOTTIME in ns: `since_ns` of state files.
pub fn boottime() -> u64 {
    nanoseconds(ClockId::CLOCK_BOOTTIME)
}
