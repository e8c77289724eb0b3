//! /dev/pts. Group 5 is `tty` everywhere; a user namespace that does not map it refuses the option.

use nix::mount::MsFlags;

use crate::boot::Boot;
use crate::failure::Failure;
use crate::mounts::Filesystem;

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = &["gid=5,mode=0620,ptmxmode=0666", "mode=0620,ptmxmode=0666", ""];
    Filesystem { kind: "devpts", target: "/dev/pts", flags, options }.mount()
}
