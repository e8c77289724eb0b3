//! /dev/shm, for POSIX shared memory.

use nix::mount::MsFlags;

use crate::boot::Boot;
use crate::failure::Failure;
use crate::mounts::Filesystem;

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Filesystem { kind: "tmpfs", target: "/dev/shm", flags, options: &["mode=1777"] }.mount()
}
