//! Control groups: the unified hierarchy, or one for each controller, or both. Process 1 goes into a leaf of its own,
//! because a group that hands controllers down may hold no process; units live below `sunup`.

use std::fs;
use std::io;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, umount2};
use supervisor::settings::CgroupLayout;

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// Where control groups are, everywhere.
const ROOT: &str = "/sys/fs/cgroup";
/// The unified hierarchy beside legacy ones.
const HYBRID: &str = "/sys/fs/cgroup/unified";
/// Process 1's leaf.
const OWN: &str = "init";
/// The units' group.
const UNITS: &str = "sunup";
/// Flags of every hierarchy.
const FLAGS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    if mounts::is_mount_point(ROOT) {
        return if boot::is_first() { settle() } else { Ok(()) };
    }
    if !boot::is_first() {
        return if mounts::may_mount() { sandboxed() } else { Ok(()) };
    }
    match boot.settings.cgroup {
        CgroupLayout::V2 => unified(ROOT)?,
        CgroupLayout::V1 => legacy(boot)?,
        CgroupLayout::Hybrid => {
            legacy(boot)?;
            unified(HYBRID)?;
        }
    }
    settle()
}

/// A sandbox with a group of its own gets the hierarchy from there down. What shows the machine's own root (only that
/// one has no type) is not for us.
fn sandboxed() -> Result<(), Failure> {
    if unified(ROOT).is_err() {
        return Ok(());
    }
    if !Path::new(ROOT).join("cgroup.type").exists() {
        return umount2(ROOT, MntFlags::MNT_DETACH).trying(format_args!("unmount the machine's {ROOT}"));
    }
    settle()
}

/// Mounts the unified hierarchy; old kernels know no `nsdelegate`.
fn unified(target: &str) -> Result<(), Failure> {
    Filesystem { kind: "cgroup2", target, flags: FLAGS, options: &["nsdelegate", ""] }.mount()
}

/// Mounts one hierarchy for each controller that is enabled, and the named one that other programs look for.
fn legacy(boot: &mut Boot) -> Result<(), Failure> {
    Filesystem { kind: "tmpfs", target: ROOT, flags: FLAGS, options: &["mode=0755,size=10m"] }.mount()?;
    let text = fs::read_to_string("/proc/cgroups").trying("read /proc/cgroups")?;
    let mut hierarchies: Vec<(&str, &str)> = controllers(&text).map(|name| (name, name)).collect();
    hierarchies.push(("systemd", "none,name=systemd"));
    for (name, options) in hierarchies {
        let target = format!("{ROOT}/{name}");
        let hierarchy = Filesystem { kind: "cgroup", target: &target, flags: FLAGS, options: &[options] };
        if let Err(failure) = hierarchy.mount() {
            boot.report.failure(&failure);
        }
    }
    Ok(())
}

/// Names of the enabled controllers in /proc/cgroups: `name hierarchy groups enabled`.
fn controllers(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let name = fields.next()?;
        (fields.nth(2) == Some("1")).then_some(name)
    })
}

/// Moves us into our leaf and hands every controller down to the units' group. Without a unified hierarchy there is
/// nothing to do.
fn settle() -> Result<(), Failure> {
    let Some(root) = [ROOT, HYBRID].map(Path::new).into_iter().find(|root| root.join("cgroup.procs").exists()) else {
        return Ok(());
    };
    let own = root.join(OWN);
    make(&own).and_then(|()| fs::write(own.join("cgroup.procs"), "0")).trying("enter a control group of our own")?;
    let units = root.join(UNITS);
    make(&units).trying("make the units' control group")?;
    hand_down(root);
    hand_down(&units);
    Ok(())
}

fn make(group: &Path) -> io::Result<()> {
    match fs::create_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// One by one: the kernel refuses a whole list for a single controller that is busy elsewhere.
fn hand_down(group: &Path) {
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    for name in controllers.split_ascii_whitespace() {
        let _ = fs::write(group.join("cgroup.subtree_control"), format!("+{name}"));
    }
}

#[cfg(test)]
mod tests {
    use super::controllers;

    /// Disabled controllers and the heading are left out.
    #[test]
    fn proc_cgroups() {
        let text = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t4\t1\nmemory\t0\t1\t0\npids\t8\t1\t1\n";
        assert_eq!(controllers(text).collect::<Vec<_>>(), ["cpuset", "pids"]);
    }
}
