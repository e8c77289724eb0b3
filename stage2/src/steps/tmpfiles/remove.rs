//! What goes at the boot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::StepError;
use super::super::error::Trying;
use super::super::glob;
use super::super::mount_table;
use super::super::root::Root;
use super::line::{Kind, Line};
use super::way::{self, Place};

/// Removes what the line names. Links are removed, never followed, and what is mounted somewhere below stays with all that
/// is in it: it is another filesystem's.
pub(super) fn run(root: &Root, line: &Line) -> Result<(), StepError> {
    let mounts = mounts()?;
    let mut outcome = Ok(());
    let top = root.path("/");
    for path in glob::find(&top, &line.path) {
        let result = remove(line, &top, &path, &mounts);
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            outcome = outcome.and(result.trying(format_args!("remove {}", path.display())));
        }
    }
    outcome
}

fn remove(line: &Line, top: &Path, path: &Path, mounts: &[PathBuf]) -> io::Result<()> {
    let place = Place::find(top, path.strip_prefix(top).unwrap_or(path), false)?;
    let path = &place.path();
    match line.kind {
        Kind::EmptiedDirectory => empty(path, mounts),
        Kind::RemoveTree => tree(path, mounts),
        _ => one(path),
    }
}

fn mounts() -> Result<Vec<PathBuf>, StepError> {
    Ok(mount_table::read()?.into_iter().map(|mount| mount.target.into()).collect())
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn one(path: &Path) -> io::Result<()> {
    if is_directory(path) { fs::remove_dir(path) } else { fs::remove_file(path) }
}

/// Goes into a directory by itself only on the way to a mount point, so only as deep as those are.
fn tree(path: &Path, mounts: &[PathBuf]) -> io::Result<()> {
    if !is_directory(path) {
        return fs::remove_file(path);
    }
    let real = fs::canonicalize(path)?;
    if mounts.contains(&real) {
        return Ok(());
    }
    if mounts.iter().any(|mount| mount.starts_with(&real)) { empty(path, mounts) } else { fs::remove_dir_all(path) }
}

fn empty(path: &Path, mounts: &[PathBuf]) -> io::Result<()> {
    if !is_directory(path) {
        return Ok(());
    }
    // A link that has taken its place meanwhile is an error.
    let directory = way::open_directory(path)?;
    fs::read_dir(way::path_of(&directory))?.try_for_each(|entry| tree(&entry?.path(), mounts))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is on the way to a mount point is emptied, all but what is mounted.
    #[test]
    fn spares_mounts() {
        let directory = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(directory.path()).unwrap();
        for name in ["a/mounted/sub", "a/other/sub", "b"] {
            fs::create_dir_all(top.join(name)).unwrap();
            fs::write(top.join(name).join("file"), "").unwrap();
        }
        let mounts = [PathBuf::from("/"), top.join("a/mounted")];
        empty(&top, &mounts).unwrap();
        assert!(top.join("a/mounted/sub/file").exists());
        assert!(!top.join("a/other").exists() && !top.join("b").exists());
    }
}
