//! Clocks.

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use crate::tai::Tai64n;

/// CLOCK_MONOTONIC in ns.
#[inline(never)]
pub fn monotonic() -> u64 {
    let (seconds, nanoseconds) = read(abi::CLOCK_MONOTONIC);
    seconds as u64 * 1_000_000_000 + u64::from(nanoseconds)
}

/// CLOCK_BOOTTIME in ns.
pub fn since_boot() -> u64 {
    let (seconds, nanoseconds) = read(abi::CLOCK_BOOTTIME);
    seconds as u64 * 1_000_000_000 + u64::from(nanoseconds)
}

/// CLOCK_REALTIME as a label.
pub fn label() -> Tai64n {
    let (seconds, nanoseconds) = read(abi::CLOCK_REALTIME);
    Tai64n::from_unix(seconds, nanoseconds)
}

fn read(clock: u32) -> (i64, u32) {
    let mut time = abi::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec. These clocks exist in every kernel, so there is no error to report.
    let _ = unsafe { syscall!(Sysno::clock_gettime, clock, &raw mut time) };
    (time.tv_sec, time.tv_nsec as u32)
}
