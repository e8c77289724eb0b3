//! What is left of the system: the count that says whether the stop was clean.

use crate::filesystems::holders;
use crate::filesystems::mounts::{self, Mount};
use crate::processes::patience::outlasting;
use crate::processes::{self, Process, others};
use crate::steps::swap;
use crate::stop::Stop;
use crate::verb::Verb;
use std::path::Path;
use std::time::Duration;

/// A process that ends by itself within this time is not left: a wrapper that the scanner just started. On a busy host,
/// emulated, four of them took longer than half a second.
const PASSING: Duration = Duration::from_secs(5);

/// Living processes but process 1, ourselves and the kernel's; and those that only KILL has ended, ours or a
/// supervise's, since nobody knows what they did not finish.
pub fn processes(stop: &mut Stop) -> Vec<String> {
    let living = outlasting(stop, stop.survivors.clone(), PASSING, counted, |_| ());
    let mut left: Vec<_> = stop.killed_units.iter().map(|name| format!("{name} (unit, ended only by KILL)")).collect();
    left.extend(killed(&stop.killed, &living));
    left.extend(living.iter().map(|process| format!("{} {}", process.pid, processes::command(process.pid))));
    // A proof needs a table that shows at least ourselves.
    if !processes::all().iter().any(|process| process.pid == std::process::id()) {
        left.push("unknown: /proc cannot be read".into());
    }
    left
}

/// Where an initramfs goes on, it ends those itself that carry the root's storage.
pub fn counted(stop: &Stop) -> Vec<Process> {
    let mut counted = others();
    counted.retain(|process| stop.initramfs.is_none() || !processes::is_storage_daemon(process.pid));
    counted
}

/// Those that KILL has ended. What even KILL has not (it hangs in the kernel) counts among the living.
fn killed(killed: &[(u32, String)], living: &[Process]) -> Vec<String> {
    let ended = killed.iter().filter(|(pid, _)| !living.iter().any(|living| living.pid == *pid));
    ended.map(|(pid, command)| format!("{pid} {command} (ended only by KILL)")).collect()
}

/// Mounts but /, /proc and our own tmpfs, if mounts are ours at all, each with who holds it; and filesystems that
/// are alive unmounted, and devices made of others.
pub fn mounts(stop: &Stop) -> Vec<String> {
    if !mounts::are_ours() {
        return Vec::new();
    }
    let table = mounts::all();
    if table.is_empty() {
        return vec!["unknown: the mount table cannot be read".into()];
    }
    let hangs = |mount: &Mount| stop.hanging.iter().any(|(id, _)| *id == mount.id);
    let left = table.iter().filter(|mount| is_left(stop, mount) && !hangs(mount));
    let mut left: Vec<_> = left.map(|mount| describe(stop, mount, &table)).collect();
    left.extend(stop.detached.iter().map(|(_, text)| text.clone()));
    // The table may show no more of them, but not all is written.
    left.extend(stop.hanging.iter().map(|(_, point)| format!("{} (hangs)", point.display())));
    if stop.verb != Verb::SoftReboot {
        left.extend(swap::left(stop).iter().map(|area| format!("{} (swap)", area.display())));
    }
    if let Some(devices) = &stop.devices {
        let busy = stop.superblocks.busy(devices, &table);
        let busy = busy.iter().map(|point| stop.known_as(point));
        let busy = busy.filter(|busy| !stop.detached.iter().any(|(point, _)| point == busy));
        left.extend(busy.map(|point| format!("{} (busy in another mount namespace)", point.display())));
        // What the root lies on stays as long as the root does.
        if !table.iter().any(|mount| mount.point == stop.root) {
            left.extend(devices.left().iter().map(|device| format!("{} (device)", device.display())));
        }
    }
    left
}

/// The mount is what stage 3 stands on, whether the root was changed or not.
pub fn is_kept(stop: &Stop, point: &Path) -> bool {
    stop.run.starts_with(point) || point == Path::new("/proc") || stop.initramfs.as_deref() == Some(point)
}

/// An old root that is read-only is as good as unmounted; what the maker of a namespace locked was never ours.
pub fn is_left(stop: &Stop, mount: &Mount) -> bool {
    // Where the root could not be changed, it must at least be read-only, or it is not unmounted.
    let is_root = mount.point == stop.root && stop.permit.first_namespace();
    if is_root && !mount.read_only && !mount.is_in_memory() {
        return true;
    }
    if is_kept(stop, &mount.point) {
        return false;
    }
    if stop.permit.first_namespace() {
        return mount.point != stop.root || !mount.read_only;
    }
    mount.point != stop.root && !stop.locked.contains(&mount.id)
}

/// Its name, and who holds it.
pub fn describe(stop: &Stop, mount: &Mount, table: &[Mount]) -> String {
    let point = stop.known_as(&mount.point);
    let holders: Vec<_> = holders::of(mount, table)
        .into_iter()
        .map(|holder| {
            let path = stop.known_as(&holder.path);
            format!("{} {}: {}", holder.pid, processes::command(holder.pid), path.display())
        })
        .collect();
    if holders.is_empty() {
        return point.display().to_string();
    }
    format!("{} (held by {})", point.display(), holders.join(", "))
}

/// The last line. What may be `lost` makes a stop unclean even when it leaves nobody; else whoever is left is the cause.
pub fn summary(processes: &[String], mounts: &[String], lost: &[String]) -> String {
    let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let processes_left = plural(processes.len(), "process", "processes");
    let mounts_left = plural(mounts.len(), "mount", "mounts");
    let left = [processes, mounts].concat();
    let all = if left.is_empty() { lost.join("; ") } else { left.join("; ") };
    if all.is_empty() {
        return format!("clean stop: {processes_left}, {mounts_left} left");
    }
    format!("unclean stop: {processes_left}, {mounts_left} left: {all}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What survives KILL is counted once.
    #[test]
    fn survivors_count_once() {
        let living = [Process { pid: 7, parent: 1, state: 'D', ..Process::default() }];
        let asked = [(7, "hangs".to_string()), (8, "died".to_string())];
        assert_eq!(killed(&asked, &living), ["8 died (ended only by KILL)"]);
    }

    /// The line is the one that others read, to the byte.
    #[test]
    fn summaries() {
        assert_eq!(summary(&[], &[], &[]), "clean stop: 0 processes, 0 mounts left");
        let processes = ["7 sleep 9".to_string()];
        let mounts = ["/a".to_string(), "/mnt (held by 7 sleep 9: /mnt/x)".to_string()];
        let expected = "unclean stop: 1 process, 2 mounts left: 7 sleep 9; /a; /mnt (held by 7 sleep 9: /mnt/x)";
        assert_eq!(summary(&processes, &mounts, &[]), expected);
        assert_eq!(summary(&processes, &[], &[]), "unclean stop: 1 process, 0 mounts left: 7 sleep 9");
        let lost = ["sync: the disks take no more".to_string()];
        assert_eq!(summary(&[], &[], &lost), "unclean stop: 0 processes, 0 mounts left: sync: the disks take no more");
    }
}
