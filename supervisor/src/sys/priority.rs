//! The kernel's regard for a process: the scheduler's, and that of who frees memory when none is left.

use core::ffi::CStr;

use syscalls::{Sysno, syscall};

use super::descriptor::HERE;
use super::error::Result;
use super::files;

/// setpriority: what is named is a process.
const PROCESS: u32 = 0;

/// Sets our own nice value, -20 to 19; the kernel takes what is beyond for the nearest.
pub fn set_nice(nice: i32) -> Result<()> {
    // SAFETY: all are numbers.
    unsafe { syscall!(Sysno::setpriority, PROCESS, 0, nice) }?;
    Ok(())
}

/// Sets our own `oom_score_adj`, a decimal number from -1000 to 1000. In a child that borrows its parent's memory it is the
/// child's alone.
pub fn set_oom_score(score: &CStr) -> Result<()> {
    files::write_at(HERE, c"/proc/self/oom_score_adj", score.to_bytes())
}
