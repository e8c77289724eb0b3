//! The image: the service directories that are there before process 1 is the scanner. They are copied, and linked into
//! the scan directory.

use std::fs::{self, DirEntry, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use supervisor::paths::run;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};
use crate::replace;

/// The image below the administrator's configuration.
const IMAGE: &str = "stage1";
/// The login of last resort.
const GETTY: &str = "getty-early";

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let image = boot.etc.join(IMAGE);
    let entries = fs::read_dir(&image).trying(format_args!("read {}", image.display()))?;
    // Where a command is run for its output and exit code nobody logs in.
    let entries = entries.flatten().filter(|entry| boot.command.is_empty() || entry.file_name() != GETTY);
    for entry in entries.collect::<Vec<_>>() {
        if let Err(failure) = install(boot, &entry).trying(format_args!("copy {}", entry.path().display())) {
            boot.report.failure(&failure);
        }
    }
    Ok(())
}

/// Links the copy once it is whole.
fn install(boot: &Boot, entry: &DirEntry) -> io::Result<()> {
    let name = entry.file_name();
    copy(&entry.path(), &boot.below_run(run::SERVICE).join(&name))?;
    let link = boot.below_run(run::SCAN).join(&name);
    replace::link(&Path::new("..").join(run::SERVICE).join(&name), &link)
}

/// Copies a tree of directories, files and links, with their modes. A service directory is three levels deep; a link is
/// copied as it is, so that no tree is endless.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_symlink() {
        return replace::link(&fs::read_link(from)?, to);
    }
    if !metadata.is_dir() {
        return replace::copy(from, to);
    }
    // A directory that is supervised stays the one that it is.
    match fs::create_dir(to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    fs::set_permissions(to, Permissions::from_mode(metadata.permissions().mode()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Modes and links survive; a second copy over the first is no failure.
    #[test]
    fn copies() {
        let directory = tempfile::tempdir().unwrap();
        let from = directory.path().join("a");
        fs::create_dir_all(from.join("env")).unwrap();
        fs::write(from.join("run"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(from.join("run"), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(from.join("env"), Permissions::from_mode(0o700)).unwrap();
        symlink("/nowhere", from.join("env/link")).unwrap();
        let to = directory.path().join("b");
        copy(&from, &to).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("run")).unwrap(), b"#!/bin/sh\n");
        let mode = |name: &str| fs::metadata(to.join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("run"), mode("env")), (0o755, 0o700));
        assert_eq!(fs::read_link(to.join("env/link")).unwrap(), Path::new("/nowhere"));
    }
}
