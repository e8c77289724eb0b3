//! Terminals: the controlling one of a session, and how large one is.

use core::mem::MaybeUninit;

use syscalls::{Sysno, syscall};

use super::descriptor::Descriptor;
use super::error::Result;

/// Makes a terminal the controlling one.
const TIOCSCTTY: u32 = 0x540e;
/// Even if another session has it, which only root may do.
const STEAL: u32 = 1;

/// Has a console of Linux' own send a signal on the keyboard's request.
const KDSIGACCEPT: u32 = 0x4b4e;
/// Asks how large a terminal is.
const TIOCGWINSZ: u32 = 0x5413;
/// Says how large a terminal is.
const TIOCSWINSZ: u32 = 0x5414;

/// How large a terminal is, in characters; both 0 where nobody knows, as on a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters a line.
    pub columns: u16,
}

/// Makes a terminal the controlling one of our session, which we lead and which has none.
pub fn control(terminal: Descriptor) -> Result<()> {
    // SAFETY: the request takes a number.
    unsafe { syscall!(Sysno::ioctl, terminal.0, TIOCSCTTY, STEAL) }?;
    Ok(())
}

/// Has the keyboard's request send us a signal, until the console is told another process. Only Linux' own consoles take it.
pub fn signal_on_request(console: Descriptor, signal: u32) -> Result<()> {
    // SAFETY: the request takes a number.
    unsafe { syscall!(Sysno::ioctl, console.0, KDSIGACCEPT, signal) }?;
    Ok(())
}

/// How large a terminal is; an error for what is none.
pub fn size(terminal: Descriptor) -> Result<Size> {
    // Rows, columns, and twice what nobody uses.
    let mut answer = MaybeUninit::<[u16; 4]>::zeroed();
    // SAFETY: the kernel writes four numbers of 16 bits there.
    unsafe { syscall!(Sysno::ioctl, terminal.0, TIOCGWINSZ, answer.as_mut_ptr()) }?;
    // SAFETY: any bits are numbers, and zeros were there before.
    let [rows, columns, ..] = unsafe { answer.assume_init() };
    Ok(Size { rows, columns })
}

/// Says how large a terminal is; whoever is in front of it gets SIGWINCH if that is new.
pub fn resize(terminal: Descriptor, Size { rows, columns }: Size) -> Result<()> {
    let size = [rows, columns, 0, 0];
    // SAFETY: the kernel reads four numbers of 16 bits there.
    unsafe { syscall!(Sysno::ioctl, terminal.0, TIOCSWINSZ, size.as_ptr()) }?;
    Ok(())
}
