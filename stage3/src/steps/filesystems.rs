//! Step 7: filesystems are unmounted, newest first, over and over until nothing changes.
//!
//! A filesystem is made read-only before it is unmounted, but only on the machine itself: in a container that would
//! reach the host's filesystem behind a bind mount; and only where it keeps something: what an initramfs has left in /run
//! must stay writable. Those without storage are only detached, after all others; then
//! the loop runs once more, since they were mounted on something.

use super::{processes, swap};
use crate::cockpit::work;
use crate::filesystems::devices::Devices;
use crate::filesystems::mounts::{self, Mount};
use crate::filesystems::superblocks::Superblocks;
use crate::report::leftovers;
use crate::stop::Stop;
use crate::verb::{Verb, kernel_is_loaded};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::path::Path;
use std::time::Duration;
use supervisor::line::Mark;

/// How long a filesystem may write without getting anywhere.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long, once another one hangs.
const IMPATIENCE: Duration = Duration::from_secs(5);

/// Unmounts everything but what stage 3 stands on.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    if stop.permit.first_namespace() {
        let (dev, sys) = (stop.now_at("/dev"), stop.now_at("/sys"));
        stop.kernel_loaded = kernel_is_loaded(&sys);
        stop.devices = Devices::open(&dev, &sys);
        stop.superblocks =
            stop.devices.as_ref().map(|devices| Superblocks::note(devices, &mounts::all())).unwrap_or_default();
    }
    unmount_all(stop);
    detach_without_storage(stop);
    processes::last(stop);
    unmount_all(stop);
    if detach_busy(stop) {
        unmount_all(stop);
    }
    settle_root(stop);
    let left = leftovers::mounts(stop);
    if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
}

/// Until nothing changes.
fn unmount_all(stop: &mut Stop) {
    loop {
        let mut changed = false;
        let dev = stop.now_at("/dev");
        let mut table = ours(stop);
        table.retain(|mount| !mount.is_without_storage(&dev) && !stop.locked.contains(&mount.id));
        for mount in table.iter().rev() {
            changed |= unmount(stop, mount);
        }
        if !(changed | try_swap(stop) | stop.devices.as_ref().is_some_and(Devices::detach)) {
            return;
        }
    }
}

/// Swap that could not be given up while memory was full. A soft reboot keeps it.
fn try_swap(stop: &mut Stop) -> bool {
    stop.verb != Verb::SoftReboot && swap::try_again(stop)
}

/// What is in memory alone, before swap is given up.
pub fn unmount_memory(stop: &mut Stop) {
    let dev = stop.now_at("/dev");
    let mut table = ours(stop);
    table.retain(|mount| mount.kind == "tmpfs" && !mount.is_without_storage(&dev));
    for mount in table.iter().rev() {
        unmount(stop, mount);
    }
}

/// One filesystem. True: it is gone.
fn unmount(stop: &mut Stop, mounted: &Mount) -> bool {
    if stop.permit.first_namespace() && !mounted.read_only && !mounted.is_in_memory() {
        make_read_only(stop, mounted);
    }
    let point = mounted.point.clone();
    match bounded(stop, mounted, move || umount2(&point, MntFlags::UMOUNT_NOFOLLOW)) {
        Some(Ok(())) => true,
        Some(Err(Errno::EINVAL | Errno::EPERM)) if !stop.permit.first_namespace() => {
            stop.locked.push(mounted.id);
            false
        }
        _ => false,
    }
}

fn make_read_only(stop: &mut Stop, mounted: &Mount) {
    let point = mounted.point.clone();
    let none = None::<&str>;
    bounded(stop, mounted, move || mount(none, &point, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none));
}

/// A filesystem writes what it has before it goes, and one on a dead disk or server never answers: such a one is noted,
/// and not touched again.
fn bounded<T: Send + 'static>(
    stop: &mut Stop,
    mounted: &Mount,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if stop.hanging.iter().any(|(id, _)| *id == mounted.id) {
        return None;
    }
    let point = stop.known_as(&mounted.point);
    let what = point.display().to_string();
    let done = if stop.hanging.is_empty() {
        work::while_writing(stop, &what, PATIENCE, work)
    } else {
        work::within(stop, &what, IMPATIENCE, work)
    };
    if done.is_none() {
        stop.hanging.push((mounted.id, point));
    }
    done
}

fn detach_without_storage(stop: &mut Stop) {
    let dev = stop.now_at("/dev");
    for mount in ours(stop).iter().rev().filter(|mount| mount.is_without_storage(&dev)) {
        let point = mount.point.clone();
        bounded(stop, mount, move || umount2(&point, MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH));
    }
}

/// The last resort: what somebody keeps busy is detached, so that at least what it is mounted on can be unmounted. It counts
/// as left all the same. True: something was.
fn detach_busy(stop: &mut Stop) -> bool {
    let (before, table) = (stop.detached.len(), mounts::all());
    let busy = |mount: &&Mount| mount.point != stop.root && leftovers::is_left(stop, mount);
    let busy: Vec<_> = table.iter().rev().filter(busy).cloned().collect();
    for mount in busy {
        // What kept it busy may have been what was mounted on it.
        if unmount(stop, &mount) {
            continue;
        }
        let (point, text) = (mount.point.clone(), leftovers::describe(stop, &mount, &table));
        let flags = MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH;
        if bounded(stop, &mount, move || umount2(&point, flags)) == Some(Ok(())) {
            stop.report.line(Mark::Wait, &format!("detached while busy: {text}"), None);
            stop.detached.push((stop.known_as(&mount.point), text));
        }
    }
    stop.detached.len() > before
}

/// The old root, where it could not be unmounted: read-only on the machine, else detached, together with what the maker
/// of the namespace locked below it.
fn settle_root(stop: &mut Stop) {
    let left = ours(stop);
    if stop.permit.first_namespace() {
        if let Some(root) = mounts::all().into_iter().rfind(|mount| mount.point == stop.root) {
            make_read_only(stop, &root);
        }
    } else if stop.root == Path::new("/") {
        // Where the root was not changed, we still stand on it, and on everything below.
    } else if left.iter().all(|mount| mount.point == stop.root || stop.locked.contains(&mount.id)) {
        let _ = umount2(&stop.root, MntFlags::MNT_DETACH);
    }
}

/// What is to be unmounted.
fn ours(stop: &Stop) -> Vec<Mount> {
    let mut table = mounts::all();
    table.retain(|mount| !leftovers::is_kept(stop, &mount.point));
    table
}
