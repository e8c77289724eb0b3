//! /sys; read-only outside the first pid namespace, because devices and kernel are the host's.

use nix::mount::MsFlags;

use crate::boot::{self, Boot};
use crate::failure::Failure;
use crate::mounts::Filesystem;

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    if !boot::is_first() {
        flags |= MsFlags::MS_RDONLY;
    }
    Filesystem { kind: "sysfs", target: "/sys", flags, options: &[""] }.mount()
}
