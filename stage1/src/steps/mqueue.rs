//! /dev/mqueue, for POSIX message queues, where the kernel has them.

use nix::mount::MsFlags;

use crate::boot::Boot;
use crate::failure::Failure;
use crate::mounts::{self, Filesystem};

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    if !mounts::is_known("mqueue") {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    Filesystem { kind: "mqueue", target: "/dev/mqueue", flags, options: &[""] }.mount()
}
