//! Step 7: filesystems are unmounted, newest first, over and over until nothing changes.
//!
//! A filesystem is made read-only before it is unmounted, but only on the machine itself: in a container that would
//! reach the host's filesystem behind a bind mount. Those without storage are only detached, after all others; then
//! the loop runs once more, since they were mounted on something.

use super::processes;
use crate::mounts::{self, Mount};
use crate::stop::Stop;
use crate::superblocks::Superblocks;
use crate::{devices, leftovers};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// Unmounts everything but what stage 3 stands on.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    if stop.permit.first_namespace() {
        stop.superblocks = Superblocks::note(&stop.now_at("/dev"), &stop.now_at("/sys"), &mounts::all());
    }
    unmount_all(stop);
    detach_without_storage(stop);
    processes::last(stop);
    unmount_all(stop);
    settle_root(stop);
    let left = leftovers::mounts(stop);
    if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
}

/// Until nothing changes.
fn unmount_all(stop: &mut Stop) {
    loop {
        let mut changed = false;
        let dev = stop.now_at("/dev");
        for mount in ours(stop).iter().rev().filter(|mount| !mount.is_without_storage(&dev)) {
            changed |= unmount(stop, mount);
        }
        if !(changed | devices::detach(stop)) {
            return;
        }
    }
}

/// One filesystem. True: it is gone.
fn unmount(stop: &mut Stop, mounted: &Mount) -> bool {
    if stop.permit.first_namespace() && !mounted.read_only {
        let none = None::<&str>;
        let _ = mount(none, &mounted.point, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none);
    }
    match umount2(&mounted.point, MntFlags::UMOUNT_NOFOLLOW) {
        Ok(()) => true,
        Err(Errno::EINVAL | Errno::EPERM) if !stop.permit.first_namespace() => {
            stop.locked.push(mounted.id);
            false
        }
        Err(_) => false,
    }
}

fn detach_without_storage(stop: &Stop) {
    for mount in ours(stop).iter().rev().filter(|mount| mount.is_without_storage(&stop.now_at("/dev"))) {
        let _ = umount2(&mount.point, MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH);
    }
}

/// The old root, where it could not be unmounted: read-only on the machine, else detached, together with what the maker
/// of the namespace locked below it.
fn settle_root(stop: &mut Stop) {
    let left = ours(stop);
    if stop.permit.first_namespace() {
        let none = None::<&str>;
        let _ = mount(none, &stop.root, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none);
    } else if left.iter().all(|mount| mount.point == stop.root || stop.locked.contains(&mount.id)) {
        let _ = umount2(&stop.root, MntFlags::MNT_DETACH);
    }
}

/// What is to be unmounted. Locked mounts are not tried twice.
fn ours(stop: &Stop) -> Vec<Mount> {
    let mut table = mounts::all();
    table.retain(|mount| !leftovers::is_kept(stop, &mount.point));
    table
}
