//! The FIFO that the catch-all logger reads.

use nix::errno::Errno;
use nix::sys::stat::Mode;
use supervisor::paths::run;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let path = boot.below_run(run::LOG_FIFO);
    match nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)) {
        Err(Errno::EEXIST) => Ok(()),
        made => made.trying(format_args!("make {}", path.display())),
    }
}
