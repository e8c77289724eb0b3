//! Whose a file is, and its mode.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::{AtFlags, OFlag};
use nix::unistd::{Gid, Uid, fchownat};

use super::line::{Kind, Line, Owner};

/// Mode of a file, a directory, where the line gives none.
const FILE: u32 = 0o644;
const DIRECTORY: u32 = 0o755;
/// Says that nobody can name a file that is not his.
const PROTECTED: &str = "/proc/sys/fs/protected_hardlinks";

/// The tree without recursion, because its depth may be anybody's choice. What cannot be changed costs nothing else, and is told;
/// what goes meanwhile is no error.
pub(super) fn adjust_tree(line: &Line, path: &Path) -> io::Result<()> {
    let mut outcome = Ok(());
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            waiting.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        match adjust(line, &path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => outcome = outcome.and(result),
        }
    }
    outcome
}

/// Owner and mode of one file, by descriptor, so that what is checked is what is changed. A link has an owner, and no mode.
pub(super) fn adjust(line: &Line, path: &Path, is_new: bool) -> io::Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let metadata = file.metadata()?;
    if !is_new && may_be_elsewhere(&metadata) {
        return Err(io::Error::other("it has several names, and anybody may have given it one"));
    }
    let changed = own(line, &file, &metadata, is_new)?;
    let Some(bits) = bits(line, &metadata, is_new).filter(|_| !metadata.is_symlink()) else { return Ok(()) };
    if metadata.mode() & 0o7777 == bits && !changed {
        return Ok(());
    }
    // A descriptor without rights to the content changes the mode through its name in /proc.
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    fs::set_permissions(name, Permissions::from_mode(bits))
}

/// A file that has a name here may be one of /etc, where the kernel lets everybody name files.
fn may_be_elsewhere(metadata: &Metadata) -> bool {
    let is_protected = || fs::read_to_string(PROTECTED).is_ok_and(|text| text.trim() == "1");
    !metadata.is_dir() && !metadata.is_symlink() && metadata.nlink() > 1 && !is_protected()
}

/// True if the owner has changed, which may have taken bits of the mode.
fn own(line: &Line, file: &File, metadata: &Metadata, is_new: bool) -> io::Result<bool> {
    let wanted = |owner: Option<Owner>| owner.filter(|owner| is_new || !owner.only_new).map(|owner| owner.id);
    let user = wanted(line.user).filter(|user| *user != metadata.uid());
    let group = wanted(line.group).filter(|group| *group != metadata.gid());
    if user.is_some() || group.is_some() {
        fchownat(file, "", user.map(Uid::from_raw), group.map(Gid::from_raw), AtFlags::AT_EMPTY_PATH)?;
    }
    Ok(user.is_some() || group.is_some())
}

/// The mode that the file is to have; `None`: the one it has.
fn bits(line: &Line, metadata: &Metadata, is_new: bool) -> Option<u32> {
    let default = if metadata.is_dir() { DIRECTORY } else { FILE };
    let Some(mode) = line.mode else { return (is_new && line.kind != Kind::Copy).then_some(default) };
    if mode.only_new && !is_new {
        return None;
    }
    if !mode.masked {
        return Some(mode.bits);
    }
    let current = metadata.mode();
    let mut bits = mode.bits;
    for (present, meant) in [(0o111, 0o111), (0o222, 0o222), (0o444, 0o444)] {
        if current & present == 0 {
            bits &= !meant;
        }
    }
    Some(if metadata.is_dir() { bits } else { bits & !0o7000 })
}
