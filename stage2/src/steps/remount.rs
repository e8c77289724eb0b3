//! `remount`: / with the options that fstab gives it, read-write where it says nothing.

use nix::errno::Errno;
use nix::mount::MsFlags;
use supervisor::namespace::Namespace;

use super::error::Trying;
use super::mount_options::Options;
use super::root::Root;
use super::say::say;
use super::{StepError, fstab, guard, mount_table};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let entry = fstab::read(root)?.into_iter().find(|entry| entry.target == "/");
    let (place, words) = entry.map_or((None, Vec::new()), |entry| (Some(entry.place), entry.options));
    let options = Options::parse(&words);
    if !root.does(format_args!("remount / with {}", if words.is_empty() { "rw".to_owned() } else { words.join(",") })) {
        return Ok(());
    }
    let result = if guard::is_first() { remount(options.flags, &options.data) } else { sandboxed(options.flags)? };
    outcome(place.as_deref(), result)
}

/// Without an entry nobody has asked for a root that can be written, and some cannot be: squashfs, a
/// medium with a lock, the root of a container.
fn outcome(place: Option<&str>, result: Result<(), Errno>) -> Result<(), StepError> {
    match (place, result) {
        (None, Err(error @ (Errno::EROFS | Errno::EACCES | Errno::EPERM))) => {
            say(format_args!("/ stays read-only: {}", error.desc()));
            Ok(())
        }
        (None, result) => result.trying("remount /"),
        (Some(place), result) => result.trying("remount /").map_err(|error| error.at(place)),
    }
}

/// In a sandbox the filesystem may be the host's: only the mount is changed, and only if it is not as it should be.
fn sandboxed(flags: MsFlags) -> Result<Result<(), Errno>, StepError> {
    let mounts = mount_table::read()?;
    let is_writable = mount_table::at(&mounts, "/").is_some_and(mount_table::Mounted::is_writable);
    let is_wanted_writable = !flags.contains(MsFlags::MS_RDONLY);
    if is_writable == is_wanted_writable {
        return Ok(Ok(()));
    }
    guard::own(Namespace::Mounts)?;
    Ok(remount(flags | MsFlags::MS_BIND, ""))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A root that cannot be written is a failure only where fstab has it.
    #[test]
    fn read_only_media() {
        assert_eq!(outcome(None, Err(Errno::EROFS)), Ok(()));
        let text = |place, errno| outcome(place, Err(errno)).map_err(|error| error.to_string());
        assert_eq!(text(None, Errno::ENODEV), Err("unable to remount /: No such device".to_owned()));
        let expected = "/etc/fstab:2: unable to remount /: Read-only file system";
        assert_eq!(text(Some("/etc/fstab:2"), Errno::EROFS), Err(expected.to_owned()));
    }
}
