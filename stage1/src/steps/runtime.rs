//! /run, and /run/lock for scripts that expect it before anything could make it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use nix::mount::MsFlags;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// Everyone may make files, nobody may remove another's.
const LOCK_MODE: u32 = 0o1777;

pub(super) fn act(_: &mut Boot) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let options = &["mode=0755,size=20%,nr_inodes=800k", "mode=0755"];
    Filesystem { kind: "tmpfs", target: "/run", flags, options }.mount()?;
    match fs::create_dir("/run/lock") {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists || !mounts::may_mount() => Ok(()),
        made => made
            .and_then(|()| fs::set_permissions("/run/lock", Permissions::from_mode(LOCK_MODE)))
            .trying("make /run/lock"),
    }
}
