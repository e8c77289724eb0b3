//! A copy of a tree: with owners and modes, links as links, nodes as nodes.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, mknod};

/// Copies what is at `from`, which is the distribution's; a directory may be there already.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_dir() {
        fs::create_dir_all(to)?;
        fs::read_dir(from)?.try_for_each(|entry| {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))
        })?;
    } else if kind.is_file() {
        fs::copy(from, to)?;
    } else {
        // Opening a FIFO would wait for somebody who writes to it.
        let kind = SFlag::from_bits_truncate(metadata.mode() & SFlag::S_IFMT.bits());
        mknod(to, kind, Mode::from_bits_truncate(0o600), metadata.rdev())?;
    }
    lchown(to, Some(metadata.uid()), Some(metadata.gid()))?;
    // After the owner, whose change takes special bits away.
    if kind.is_symlink() { Ok(()) } else { fs::set_permissions(to, Permissions::from_mode(metadata.mode() & 0o7777)) }
}
