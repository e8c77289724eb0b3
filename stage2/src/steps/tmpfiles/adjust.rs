//! Whose a file is, and its mode.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::unistd::{Gid, Uid, fchownat};

use super::line::{Kind, Line, Owner};
use super::way;

/// Mode of a file, a directory, where the line gives none.
const FILE: u32 = 0o644;
const DIRECTORY: u32 = 0o755;
/// Says that nobody can name a file that is not his.
const PROTECTED: &str = "/proc/sys/fs/protected_hardlinks";

/// The tree without recursion, because its depth may be anybody's choice; and without a link, whoever puts one into it while
/// we are there. What cannot be changed costs nothing else, and is told; what goes meanwhile is no error.
pub(super) fn adjust_tree(line: &Line, top: &File) -> io::Result<()> {
    let mut outcome = adjust(line, top, false);
    let mut waiting = names(top, Path::new(""));
    while let Some(path) = waiting.pop() {
        let result = below(top, &path).and_then(|file| {
            waiting.extend(names(&file, &path));
            adjust(line, &file, false)
        });
        match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => outcome = outcome.and(result),
        }
    }
    outcome
}

/// What is in a directory, each behind the directory's own path; nothing if it is none.
fn names(file: &File, path: &Path) -> Vec<PathBuf> {
    let is_directory = file.metadata().is_ok_and(|metadata| metadata.is_dir());
    let entries = is_directory.then(|| fs::read_dir(way::path_of(file)).ok()).flatten();
    entries.into_iter().flatten().flatten().map(|entry| path.join(entry.file_name())).collect()
}

/// A file of the tree.
fn below(top: &File, path: &Path) -> io::Result<File> {
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC);
    Ok(openat2(top, path, how.resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_BENEATH))?.into())
}

/// Owner and mode of one file, by descriptor, so that what is checked is what is changed. A link has an owner, and no mode.
pub(super) fn adjust(line: &Line, file: &File, is_new: bool) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !is_new && may_be_elsewhere(&metadata) {
        return Err(io::Error::other("it has several names, and anybody may have given it one"));
    }
    let changed = own(line, file, &metadata, is_new)?;
    let Some(bits) = bits(line, &metadata, is_new).filter(|_| !metadata.is_symlink()) else { return Ok(()) };
    if metadata.mode() & 0o7777 == bits && !changed {
        return Ok(());
    }
    // A descriptor without rights to the content changes the mode through its name in /proc.
    fs::set_permissions(way::path_of(file), Permissions::from_mode(bits))
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
    for right in [0o111, 0o222, 0o444] {
        if current & right == 0 {
            bits &= !right;
        }
    }
    Some(if metadata.is_dir() { bits } else { bits & !0o7000 })
}
