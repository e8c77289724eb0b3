//! Files that are replaced as a whole: written under a dot name and renamed, so that a reader sees the old text or the
//! new one. What has to survive a power cut as well is on disk before it gets its name: a filesystem may write names long
//! before what they name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The dot name next to a file under which its successor is written.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Replaces a file; `mode` are its permission bits, whatever the umask.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace_with(path, |draft| write_draft(draft, content, mode).map(drop))
}

/// The same for a file that is kept from boot to boot: after a power cut, too, it is the old one or the new one.
pub fn replace_kept(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace_with(path, |draft| write_draft(draft, content, mode)?.sync_data())
}

fn replace_with(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let draft = draft(path);
    let result = write(&draft).and_then(|()| fs::rename(&draft, path));
    if result.is_err() {
        // Half a file would keep its part of a full disk.
        let _ = fs::remove_file(&draft);
    }
    result
}

fn write_draft(draft: &Path, content: &[u8], mode: u32) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(draft)?;
    file.write_all(content)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

/// Replaces a file only if it says something else now. Answers whether it did.
pub fn replace_if_different(path: &Path, content: &[u8], mode: u32) -> io::Result<bool> {
    let same_mode = |path: &Path| fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o7777 == mode);
    if fs::read(path).is_ok_and(|old| old == content) && same_mode(path) {
        return Ok(false);
    }
    replace(path, content, mode).map(|()| true)
}

/// Makes a symbolic link, in the place of whatever file had the name.
pub fn replace_link(path: &Path, target: &Path) -> io::Result<()> {
    let draft = draft(path);
    let _ = fs::remove_file(&draft);
    std::os::unix::fs::symlink(target, &draft)?;
    fs::rename(&draft, path)
}

/// Removes a file that may be absent.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
