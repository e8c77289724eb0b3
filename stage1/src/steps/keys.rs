//! Keys that send process 1 a signal from here on: Ctrl-Alt-Del SIGINT, instead of resetting the machine; the keyboard's
//! request (Alt and the arrow up, on Linux' own consoles) SIGWINCH. SIGINT is blocked first: until the scanner takes it up, it
//! waits. SIGWINCH does nothing until then.

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;
use nix::sys::reboot::set_cad_enabled;
use nix::sys::signal::{SigSet, Signal};
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::signal::SIGWINCH;
use supervisor::sys::terminal::signal_on_request;

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};

/// Whatever console is shown.
const CONSOLE: &str = "/dev/tty0";

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    SigSet::from(Signal::SIGINT).thread_block().trying("block SIGINT")?;
    if !boot::is_first() {
        return Ok(());
    }
    // A machine without a keyboard has no such console, or one that takes no such request.
    let flags = OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
    if let Ok(console) = OpenOptions::new().read(true).custom_flags(flags.bits()).open(CONSOLE) {
        let _ = signal_on_request(Descriptor(console.as_raw_fd()), SIGWINCH);
    }
    set_cad_enabled(false).trying("take over Ctrl-Alt-Del")
}
