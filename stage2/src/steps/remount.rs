//! `remount`: / with the options that fstab gives it, read-write where it says nothing.

use nix::errno::Errno;
use nix::mount::MsFlags;

use super::error::Trying;
use super::mount_options::Options;
use super::root::Root;
use super::{StepError, fstab, guard, mount_table};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let entry = fstab::read(root)?.into_iter().find(|entry| entry.target == "/");
    let options = Options::parse(&entry.map(|entry| entry.options).unwrap_or_default());
    if guard::is_first() {
        return remount(options.flags, &options.data).trying("remount /");
    }
    sandboxed(options.flags)
}

/// In a sandbox the filesystem may be the host's: only the mount is changed, and only if it is not as it should be.
fn sandboxed(flags: MsFlags) -> Result<(), StepError> {
    let mounts = mount_table::read()?;
    let is_writable = mount_table::at(&mounts, "/").is_some_and(mount_table::Mounted::is_writable);
    let is_wanted_writable = !flags.contains(MsFlags::MS_RDONLY);
    if is_writable == is_wanted_writable {
        return Ok(());
    }
    remount(flags | MsFlags::MS_BIND, "").trying("remount /")
}

/// Options that the filesystem takes at its first mounting only (a journal's) make it refuse them all: then the flags
/// alone count.
fn remount(flags: MsFlags, data: &str) -> Result<(), Errno> {
    let call = |data: &str| nix::mount::mount(None::<&str>, "/", None::<&str>, flags | MsFlags::MS_REMOUNT, Some(data));
    match call(data) {
        Err(Errno::EINVAL) if !data.is_empty() => call(""),
        result => result,
    }
}
