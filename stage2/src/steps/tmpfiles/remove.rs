//! What goes at the boot.

use std::fs;
use std::io;
use std::path::Path;

use super::super::StepError;
use super::super::error::Trying;
use super::super::root::Root;
use super::glob;
use super::line::{Kind, Line};

/// Removes what the line names. Links are removed, never followed.
pub(super) fn run(root: &Root, line: &Line) -> Result<(), StepError> {
    for path in glob::find(&root.path("/"), &line.path) {
        let result = match line.kind {
            Kind::EmptiedDirectory => empty(&path),
            Kind::RemoveTree => tree(&path),
            _ => one(&path),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.trying(format_args!("remove {}", path.display()))?,
        }
    }
    Ok(())
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn one(path: &Path) -> io::Result<()> {
    if is_directory(path) { fs::remove_dir(path) } else { fs::remove_file(path) }
}

fn tree(path: &Path) -> io::Result<()> {
    if is_directory(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn empty(path: &Path) -> io::Result<()> {
    if !is_directory(path) {
        return Ok(());
    }
    fs::read_dir(path)?.try_for_each(|entry| tree(&entry?.path()))
}
