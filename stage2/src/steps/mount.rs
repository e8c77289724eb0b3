//! `mount`: every `auto` entry of fstab that is not mounted yet, outer directories first. Disks are waited for, not for
//! long, and those with a pass number are checked before anything is mounted. In a sandbox block and loop
//! devices are the host's, and are refused.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;
use nix::mount::MsFlags;
use supervisor::namespace::Namespace;

use super::error::Trying;
use super::failures::Failures;
use super::fstab::{self, Entry};
use super::mount_options::Options;
use super::root::Root;
use super::say::warn;
use super::{StepError, device, fsck, guard, mount_table, program};

/// They need a network, which comes later.
const NETWORK: [&str; 17] = [
    "afs",
    "ceph",
    "cifs",
    "davfs",
    "gfs",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncp",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "pvfs2",
    "smb3",
    "smbfs",
    "sshfs",
];

/// They show the machine's own kernel and devices, whoever mounts them.
const MACHINE: [&str; 9] =
    ["devtmpfs", "sysfs", "debugfs", "tracefs", "securityfs", "configfs", "efivarfs", "pstore", "binfmt_misc"];

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    run_those(root, |entry| !is_network(entry))
}

/// `mount-network`: the same for those that need a network, once there is one.
pub(super) fn network(root: &Root) -> Result<(), StepError> {
    run_those(root, is_network)
}

fn run_those(root: &Root, are_due: impl Fn(&Entry) -> bool) -> Result<(), StepError> {
    let mounts = mount_table::read()?;
    let mut entries = wanted(fstab::read_aloud(root)?);
    entries.retain(|entry| are_due(entry) && !is_mounted(root, &mounts, entry));
    if !entries.is_empty() {
        guard::own(Namespace::Mounts)?;
    }
    entries.retain(|entry| root.does(format_args!("mount {} on {}", entry.source, entry.target)));
    await_devices(&entries);
    let mut unfit = fsck::check(root, &entries)?;
    let mut failures = Failures::default();
    for entry in &entries {
        let result = unfit.remove(&entry.place).map_or_else(|| mount(root, entry), Err);
        match result.map_err(|error| error.at(&entry.place)) {
            Err(error) if entry.has("nofail") => warn(&error),
            result => failures.note(result),
        }
    }
    failures.finish()
}

/// fstab may name a directory by a link or with a slash at the end.
fn is_mounted(root: &Root, mounts: &[mount_table::Mounted], entry: &Entry) -> bool {
    let real = fs::canonicalize(root.path(&entry.target));
    let target = real.map_or_else(|_| entry.target.clone(), |real| real.to_string_lossy().into_owned());
    mount_table::at(mounts, target.trim_end_matches('/')).is_some()
}

/// What may be missing is not waited for; in a sandbox no device will come.
fn await_devices(entries: &[Entry]) {
    let deadline = Instant::now() + device::PATIENCE;
    for entry in entries.iter().filter(|entry| guard::is_first() && !entry.has("nofail")) {
        let path = device::resolve(&entry.source);
        if device::is_missing(&path) {
            device::wait(Path::new(&path), deadline);
        }
    }
}

/// The entries that are to be mounted now, by the depth of their targets, else in fstab's order.
fn wanted(entries: Vec<Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.into_iter().filter(is_wanted).collect();
    entries.sort_by_key(|entry| Path::new(&entry.target).components().count());
    entries
}

fn is_wanted(entry: &Entry) -> bool {
    let is_place = entry.target.starts_with('/') && !entry.target.trim_end_matches('/').is_empty();
    is_place && !entry.is_swap() && !entry.has("noauto") && entry.kind != "ignore"
}

/// It is reached over the network, as far as its type or its options tell.
pub(super) fn is_network(entry: &Entry) -> bool {
    entry.has("_netdev") || is_network_kind(&entry.kind)
}

/// Filesystems of this type are reached over the network.
pub(super) fn is_network_kind(kind: &str) -> bool {
    NETWORK.contains(&kind.strip_prefix("fuse.").unwrap_or(kind))
}

fn mount(root: &Root, entry: &Entry) -> Result<(), StepError> {
    let options = Options::parse(&entry.options);
    let source = device::resolve(&entry.source);
    let target = root.path(&entry.target);
    if let Some(mode) = options.make_directory {
        let made = DirBuilder::new().recursive(true).mode(mode).create(&target);
        made.trying(format_args!("make {}", entry.target))?;
    }
    let needs_loop = options.needs_loop || (Path::new(&source).is_file() && !options.flags.contains(MsFlags::MS_BIND));
    let is_machine = needs_loop || device::is_block(&source) || MACHINE.contains(&entry.kind.as_str());
    if !guard::is_first() && is_machine {
        return guard::machine();
    }
    if device::is_missing(&source) {
        return Err(StepError::because(format_args!("mount {}", entry.target), format_args!("{source} is not there")));
    }
    if needs_loop || options.needs_program || has_program(entry) {
        return program::run_well(
            "mount",
            &["-t", &entry.kind, "-o", &entry.options.join(","), &source, &entry.target],
        );
    }
    let what = format!("mount {}", entry.target);
    let flags = options.flags;
    if flags.contains(MsFlags::MS_BIND) {
        bind(&source, &target, flags).trying(&what)?;
    } else {
        call(&source, &target, &entry.kind, &options).trying(&what)?;
    }
    if options.propagation.is_empty() {
        return Ok(());
    }
    nix::mount::mount(None::<&str>, &target, None::<&str>, options.propagation, None::<&str>).trying(what)
}

/// Some filesystems are programs, and mount(8) knows how to start them.
fn has_program(entry: &Entry) -> bool {
    entry.kind.starts_with("fuse") || program::find(&format!("mount.{}", entry.kind)).is_some()
}

/// A bind mount takes its further flags by a second call.
fn bind(source: &str, target: &Path, flags: MsFlags) -> Result<(), Errno> {
    let kind = flags & (MsFlags::MS_BIND | MsFlags::MS_REC);
    nix::mount::mount(Some(source), target, None::<&str>, kind, None::<&str>)?;
    if flags == kind {
        return Ok(());
    }
    let flags = (flags - MsFlags::MS_REC) | MsFlags::MS_REMOUNT;
    nix::mount::mount(None::<&str>, target, None::<&str>, flags, None::<&str>)
}

/// mount(2); for `auto` each filesystem that the kernel knows, until one recognises the device.
fn call(source: &str, target: &Path, kind: &str, options: &Options) -> Result<(), Errno> {
    let one =
        |kind: &str| nix::mount::mount(Some(source), target, Some(kind), options.flags, Some(options.data.as_str()));
    if kind != "auto" {
        return one(kind);
    }
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let mut result = Err(Errno::ENODEV);
    for kind in known.lines().filter_map(|line| line.strip_prefix('\t')) {
        result = one(kind);
        if !matches!(result, Err(Errno::EINVAL | Errno::ENODEV)) {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], network: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir(root.path("/etc")).unwrap();
        fs::write(root.path("/etc/fstab"), text).unwrap();
        let entries = wanted(fstab::read(&root).unwrap());
        let (later, now): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| is_network(entry));
        let targets = |entries: &[&Entry]| entries.iter().map(|entry| entry.target.clone()).collect::<Vec<_>>();
        assert_eq!((targets(&now), targets(&later)), (owned(expected), owned(network)), "{text}");
    }

    fn owned(targets: &[&str]) -> Vec<String> {
        targets.iter().map(|&target| target.to_owned()).collect()
    }

    /// Outer directories come first, equals in fstab's order; /, swap and `noauto` are not ours, and what needs the network comes later.
    #[test]
    fn which_and_in_which_order() {
        check("a /var/log x\nb /home x\nc /var x\nd /var/log/a x\n", &["/home", "/var", "/var/log", "/var/log/a"], &[]);
        check("a / ext4\nb none swap\nc /cd iso9660 noauto\nf none x\n", &[], &[]);
        check("a /n/m nfs4\nb /m ext4 _netdev\nc /s fuse.sshfs\nd /n/x cifs noauto\n", &[], &["/m", "/s", "/n/m"]);
    }
}
