//! The scheduler's regard for a process.

use syscalls::{Sysno, syscall};

use super::error::Result;

/// setpriority: what is named is a process.
const PROCESS: u32 = 0;

/// Sets our own nice value, -20 to 19; the kernel takes what is beyond for the nearest.
pub fn set_nice(nice: i32) -> Result<()> {
    // SAFETY: all are numbers.
    unsafe { syscall!(Sysno::setpriority, PROCESS, 0, nice) }?;
    Ok(())
}
