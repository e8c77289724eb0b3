//! What a directory that is to be checked is: by its place, and only elsewhere by what it holds.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf, absolute};

use units::{Bundle, DROP_INS};

use crate::system::places::{BUNDLES, SETTINGS, UNITS};

/// What a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directory {
    /// Of units, or of drop-ins.
    Units,
    /// Of links.
    Bundle,
    /// Of bundles.
    Bundles,
    /// Of all that an administrator has.
    Whole,
    /// A service directory.
    Service,
    /// Of init scripts, or of service directories.
    Targets,
    /// Of nothing that is read.
    Unread,
}

impl Directory {
    /// What a directory is, by the name that it was given and by the one that it has.
    pub(super) fn of(path: &Path) -> Self {
        let names = [absolute(path), path.canonicalize()];
        names.iter().flatten().find_map(|name| Self::by_place(name)).unwrap_or_else(|| Self::by_content(path))
    }

    fn by_place(path: &Path) -> Option<Self> {
        let is_in = |name: &str| path.parent().and_then(Path::file_name) == Some(OsStr::new(name));
        match path.file_name()?.to_str() {
            Some(UNITS) => Some(Self::Units),
            Some(BUNDLES) => Some(Self::Bundles),
            _ if is_in(BUNDLES) => Some(Self::Bundle),
            _ if is_in(UNITS) => Some(Self::Units),
            _ => None,
        }
    }

    /// A directory of links may be one of units that are kept elsewhere: those are named as files of units are.
    fn by_content(path: &Path) -> Self {
        if path.join(UNITS).is_dir() || path.join(BUNDLES).is_dir() || path.join(SETTINGS).exists() {
            return Self::Whole;
        }
        let entries = entries(path);
        let is_unit = |entry: &Path| ends_with(entry, ".yaml") || ends_with(entry, DROP_INS);
        let is_bundle = |entry: &PathBuf| !ends_with(entry, DROP_INS) && entry.is_dir() && Bundle::is_at(entry);
        if entries.iter().any(|entry| !ends_with(entry, ".yaml")) && Bundle::is_at(path) {
            Self::Bundle
        } else if !entries.is_empty() && entries.iter().all(is_bundle) {
            Self::Bundles
        } else if entries.is_empty() || entries.iter().any(|entry| is_unit(entry)) {
            Self::Units
        } else if Bundle::is_target(path) {
            Self::Service
        } else if entries.iter().any(|entry| Bundle::is_target(entry)) {
            Self::Targets
        } else {
            Self::Unread
        }
    }

    /// Whether a path is a link that a bundle has, or whatever is where only a bundle's links should be.
    pub(super) fn is_in_bundle(path: &Path) -> bool {
        let Ok(path) = absolute(path) else { return false };
        let Some(directory) = path.parent().filter(|_| Self::by_place(&path).is_none()) else { return false };
        match Self::by_place(directory) {
            None => path.is_symlink() && Self::by_content(directory) == Self::Bundle,
            Some(place) => place == Self::Bundle,
        }
    }
}

fn ends_with(path: &Path, end: &str) -> bool {
    path.as_os_str().as_bytes().ends_with(end.as_bytes())
}

/// What is in a directory, in the order of names; what begins with a dot is not.
pub(super) fn entries(path: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(path).into_iter().flatten().flatten();
    let mut seen: Vec<PathBuf> =
        all.filter(|entry| !entry.file_name().as_bytes().starts_with(b".")).map(|entry| entry.path()).collect();
    seen.sort();
    seen
}
