//! Swap areas, which no wrapper crate offers.

use core::ffi::CStr;

use syscalls::{Sysno, syscall};

use super::error::Result;

/// The lower 15 bits of swapon's flags are the priority, if this one is set.
const PRIORITY_GIVEN: usize = 0x8000;
/// Free blocks are discarded.
const DISCARD: usize = 0x10000;

/// Begins to swap to a device or file. `priority`: 0 to 32767, else the kernel chooses; higher ones are used first.
pub fn swapon(path: &CStr, priority: Option<u16>, discard: bool) -> Result<()> {
    let flags = priority.map_or(0, |p| PRIORITY_GIVEN | usize::from(p & 0x7fff)) | if discard { DISCARD } else { 0 };
    // SAFETY: the path is a terminated string, which the kernel only reads.
    unsafe { syscall!(Sysno::swapon, path.as_ptr(), flags) }?;
    Ok(())
}

/// Stops swapping to a device or file; blocks until its pages are back in memory.
pub fn swapoff(path: &CStr) -> Result<()> {
    // SAFETY: the path is a terminated string, which the kernel only reads.
    unsafe { syscall!(Sysno::swapoff, path.as_ptr()) }?;
    Ok(())
}
