//! Ctrl-Alt-Del sends SIGINT to process 1 from here on, instead of resetting the machine. SIGINT is blocked first: until
//! the scanner takes it up, it waits.

use nix::sys::reboot::set_cad_enabled;
use nix::sys::signal::{SigSet, Signal};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    SigSet::from(Signal::SIGINT).thread_block().trying("block SIGINT")?;
    if !boot::is_first() {
        return Ok(());
    }
    set_cad_enabled(false).trying("take over Ctrl-Alt-Del")
}
