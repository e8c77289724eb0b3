//! The controlling terminal of a session.

use syscalls::{Sysno, syscall};

use super::descriptor::Descriptor;
use super::error::Result;

/// Makes a terminal the controlling one.
const TIOCSCTTY: u32 = 0x540e;
/// Even if another session has it, which only root may do.
const STEAL: u32 = 1;

/// Makes a terminal the controlling one of our session, which we lead and which has none.
pub fn control(terminal: Descriptor) -> Result<()> {
    // SAFETY: the request takes a number.
    unsafe { syscall!(Sysno::ioctl, terminal.0, TIOCSCTTY, STEAL) }?;
    Ok(())
}
