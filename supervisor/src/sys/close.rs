//! Closing what a forked child must not keep.

use syscalls::{Sysno, syscall};

use super::error::Result;

/// Closes every descriptor from 3 on but those of `kept`, which must be in rising order. Only for a child of
/// [`super::process::fork`] that goes on without unwinding into its parent's code: whoever owned those descriptors there must
/// not use or drop them here.
pub fn close_all_but(kept: &[u32]) -> Result<()> {
    let mut first = 3;
    for &descriptor in kept {
        if first < descriptor {
            close_range(first, descriptor - 1)?;
        }
        first = descriptor + 1;
    }
    close_range(first, u32::MAX)
}

fn close_range(first: u32, last: u32) -> Result<()> {
    // SAFETY: close_range takes no pointer; that nobody uses those descriptors any more is the caller's promise.
    unsafe { syscall!(Sysno::close_range, first, last, 0) }?;
    Ok(())
}
