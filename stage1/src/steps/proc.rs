//! /proc. Outside the first pid namespace what reaches the machine's kernel through it is read-only. It is the first thing
//! to be mounted; so mounts of our own come before it.

use std::path::Path;

use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sched::{CloneFlags, unshare};
use supervisor::namespace::{self, Namespace};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// What is the host's in a sandbox.
const HOST: [&str; 5] = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    if is_crowded() {
        move_out(&boot.run)?;
    }
    if !namespace::shows_own_pids() {
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

/// We are in a pid namespace of our own, among the mounts of the system around us: what we mount, that one would get.
fn is_crowded() -> bool {
    namespace::is_machine() == Some(false) && mounts::may_mount() && !Namespace::Mounts.is_own()
}

/// Takes a copy of the mounts, from which nothing goes back. That system's run directory is not ours.
fn move_out(run: &Path) -> Result<(), Failure> {
    unshare(CloneFlags::CLONE_NEWNS).trying("leave the mounts of the system outside")?;
    let flags = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    nix::mount::mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).trying("keep our mounts to ourselves")?;
    while mounts::is_mount_point(&run.to_string_lossy()) {
        umount2(run, MntFlags::MNT_DETACH).trying(format_args!("unmount {}", run.display()))?;
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
