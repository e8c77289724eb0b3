//! `mount`: every `auto` entry of fstab that is not mounted yet, outer directories first. In a sandbox block and loop
//! devices are the host's, and are refused.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::MsFlags;

use super::error::Trying;
use super::failures::{Failures, warn};
use super::fstab::{self, Entry};
use super::mount_options::Options;
use super::root::Root;
use super::{StepError, device, guard, mount_table, program};

/// They need a network, which comes later and brings its own.
const NETWORK: [&str; 12] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "ncp", "ceph", "glusterfs", "afs", "ocfs2", "sshfs"];

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let mounts = mount_table::read()?;
    let mut failures = Failures::default();
    for entry in wanted(fstab::read(root)?) {
        if mount_table::at(&mounts, entry.target.trim_end_matches('/')).is_some() {
            continue;
        }
        let result = mount(root, &entry);
        match result {
            Err(error) if entry.has("nofail") => warn(&error),
            result => failures.note(result),
        }
    }
    failures.finish()
}

/// The entries that are to be mounted now, by the depth of their targets, else in fstab's order.
fn wanted(entries: Vec<Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.into_iter().filter(is_wanted).collect();
    entries.sort_by_key(|entry| Path::new(&entry.target).components().count());
    entries
}

fn is_wanted(entry: &Entry) -> bool {
    let is_network = NETWORK.contains(&entry.kind.as_str()) || entry.kind.starts_with("fuse.sshfs");
    let is_place = entry.target.starts_with('/') && !entry.target.trim_end_matches('/').is_empty();
    is_place
        && !entry.is_swap()
        && !entry.has("noauto")
        && !entry.has("_netdev")
        && !is_network
        && entry.kind != "ignore"
}

fn mount(root: &Root, entry: &Entry) -> Result<(), StepError> {
    let options = Options::parse(&entry.options);
    let source = device::resolve(&entry.source);
    let target = root.path(&entry.target);
    if entry.options.iter().any(|o| o == "x-mount.mkdir" || o.starts_with("x-mount.mkdir=")) {
        fs::create_dir_all(&target).trying(format_args!("make {}", entry.target))?;
    }
    if !guard::is_first() && (options.needs_program || is_block_device(&source)) {
        return guard::machine();
    }
    if needs_program(entry, &options, &source) {
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

/// mount(8) has what the kernel lacks: loop devices and filesystems that are programs.
fn needs_program(entry: &Entry, options: &Options, source: &str) -> bool {
    options.needs_program
        || entry.kind.starts_with("fuse")
        || program::find(&format!("mount.{}", entry.kind)).is_some()
        || (Path::new(source).is_file() && !options.flags.contains(MsFlags::MS_BIND))
}

fn is_block_device(path: &str) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_block_device())
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

    fn check(text: &str, expected: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir(root.path("/etc")).unwrap();
        fs::write(root.path("/etc/fstab"), text).unwrap();
        let entries = wanted(fstab::read(&root).unwrap());
        let targets: Vec<&str> = entries.iter().map(|entry| entry.target.as_str()).collect();
        assert_eq!(targets, expected, "{text}");
    }

    /// Outer directories come first, equals in fstab's order; /, swap, `noauto` and the network are not ours.
    #[test]
    fn which_and_in_which_order() {
        check("a /var/log x\nb /home x\nc /var x\nd /var/log/a x\n", &["/home", "/var", "/var/log", "/var/log/a"]);
        check("a / ext4\nb none swap\nc /cd iso9660 noauto\nd /n nfs4\ne /m ext4 _netdev\nf none x\n", &[]);
    }
}
