//! A process by a descriptor of its own, so that no other is meant when its number has been given away.

use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, Owned};
use super::error::Result;

/// A descriptor that becomes readable when the process ends; the process need not be a child.
pub fn open(pid: u32) -> Result<Owned> {
    // SAFETY: no memory is passed.
    Ok(Owned::from_call(unsafe { syscall!(Sysno::pidfd_open, pid, 0) }?))
}

/// Sends a signal to the process; 0 only asks whether it exists.
#[inline(never)]
pub fn kill(pidfd: Descriptor, signal: u32) -> Result<()> {
    // SAFETY: no `siginfo` is passed.
    unsafe { syscall!(Sysno::pidfd_send_signal, pidfd.0, signal, 0, 0) }?;
    Ok(())
}
