//! A copy of a tree: with owners and modes, links as links, nodes as nodes.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;

use nix::fcntl::AtFlags;
use nix::sys::stat::{Mode, SFlag, mknod};
use nix::unistd::{Gid, Uid, fchownat};

use super::way;

/// Copies what is at `from`, which is the distribution's, and gives the copy; a directory may be there already. Others may write
/// where the copy is made: nothing of theirs is written to, or gets the original's owner and mode.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<File> {
    let metadata = fs::symlink_metadata(from)?;
    let made = content(from, &metadata, to)?;
    let (user, group) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
    fchownat(&made, "", Some(user), Some(group), AtFlags::AT_EMPTY_PATH)?;
    if !metadata.is_symlink() {
        // After the owner, whose change takes special bits away.
        fs::set_permissions(way::path_of(&made), Permissions::from_mode(metadata.mode() & 0o7777))?;
    }
    Ok(made)
}

fn content(from: &Path, metadata: &Metadata, to: &Path) -> io::Result<File> {
    let kind = metadata.file_type();
    if kind.is_dir() {
        return directory(from, to);
    }
    if kind.is_file() {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
        return io::copy(&mut File::open(from)?, &mut file).map(|_| file);
    }
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else {
        // Opening a FIFO would wait for somebody who writes to it.
        let kind = SFlag::from_bits_truncate(metadata.mode() & SFlag::S_IFMT.bits());
        mknod(to, kind, Mode::from_bits_truncate(0o600), metadata.rdev())?;
    }
    way::open(to)
}

fn directory(from: &Path, to: &Path) -> io::Result<File> {
    match fs::create_dir(to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let made = way::open_directory(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &way::path_of(&made).join(entry.file_name()))?;
    }
    Ok(made)
}
