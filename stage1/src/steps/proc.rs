//! /proc. Outside the first pid namespace what reaches the machine's kernel through it is read-only.

use std::path::Path;

use nix::mount::MsFlags;

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// What is the host's in a sandbox.
const HOST: [&str; 5] = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    if !mounts::proc_works() {
        mount_over()?;
    }
    if !boot::is_first() && mounts::may_mount() {
        for path in HOST.into_iter().filter(|path| Path::new(path).exists() && !mounts::is_mount_point(path)) {
            if let Err(failure) = mounts::bind_read_only(path).trying(format_args!("make {path} read-only")) {
                boot.report.failure(&failure);
            }
        }
    }
    Ok(())
}

/// Mounts it even where another namespace's /proc is mounted: that one shows other processes.
fn mount_over() -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let proc = Filesystem { kind: "proc", target: "/proc", flags, options: &[""] };
    if mounts::is_mount_point(proc.target) {
        return mounts::mount(proc.kind, proc.target, flags, "").trying("mount /proc");
    }
    proc.mount()
}
