//! The way from the administrator's files as they are to those of another set: only what is part of a unit set is touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::snapshot::{Content, Snapshot};
use crate::plan::FileChange;
use crate::system::places::{BUNDLES, SETTINGS, UNITS};
use crate::system::replace::{remove, replace_kept, replace_link};

/// The administrator's parts of a set, and what they are in ETC.
const OWN: [(&str, &str); 3] = [("units.0", UNITS), ("bundles.0", BUNDLES), (SETTINGS, SETTINGS)];

/// What is to be done to files in ETC.
#[derive(Clone, Debug, Default)]
pub struct Restoration {
    /// By path in ETC.
    put_back: Vec<(PathBuf, Content)>,
    /// Paths in ETC, what is in a directory before the directory.
    removed: Vec<PathBuf>,
}

impl Restoration {
    /// From the files that are there now to another set.
    pub fn between(now: &Snapshot, goal: &Snapshot) -> Self {
        let differs = |path: &Path, content: &Content| now.0.get(path).is_none_or(|there| !is_same(there, content));
        let put_back = goal.0.iter().filter_map(|(path, content)| Some((path, in_etc(path)?, content)));
        let put_back = put_back.filter(|(path, _, content)| differs(path, content));
        let removed = now.0.keys().rev().filter(|path| !goal.0.contains_key(*path));
        Self {
            put_back: put_back.map(|(_, path, content)| (path, content.clone())).collect(),
            removed: removed.filter_map(|path| in_etc(path)).collect(),
        }
    }

    /// The files are as they are to be.
    pub fn is_idle(&self) -> bool {
        self.put_back.is_empty() && self.removed.is_empty()
    }

    /// What becomes of each file.
    pub fn files(&self) -> Vec<FileChange> {
        let put_back = self.put_back.iter().map(|(path, _)| ("put back", path));
        let removed = self.removed.iter().map(|path| ("remove", path));
        put_back.chain(removed).map(|(action, path)| FileChange { action, path: path.clone() }).collect()
    }

    /// Does it: a file at a time, each whole, and what is to be there before what is not.
    pub fn carry_out(&self, etc: &Path) -> io::Result<()> {
        for (path, content) in &self.put_back {
            let to = etc.join(path);
            match content {
                Content::Directory => fs::create_dir_all(to)?,
                Content::File(file) => file.write(&to, |to| replace_kept(to, &file.text, 0o600))?,
                Content::Link { original, .. } => replace_link(&to, original)?,
            }
        }
        for path in self.removed.iter().map(|path| etc.join(path)) {
            match path.is_dir() && !path.is_symlink() {
                true => remove_if_empty(&path)?,
                false => remove(&path)?,
            }
        }
        Ok(())
    }
}

/// Something may lie there that is no part of a unit set.
fn remove_if_empty(directory: &Path) -> io::Result<()> {
    match fs::remove_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(()),
    }
}

/// Where the administrator's file of a generation is in ETC; `None`: it is the distribution's.
fn in_etc(path: &Path) -> Option<PathBuf> {
    let (rest, to) = OWN.iter().find_map(|(part, to)| Some((path.strip_prefix(part).ok()?, to)))?;
    Some(if rest.as_os_str().is_empty() { to.into() } else { Path::new(to).join(rest) })
}

/// A link is where it led: where its copy leads is the generation's business.
fn is_same(one: &Content, other: &Content) -> bool {
    match (one, other) {
        (Content::Link { original: one, .. }, Content::Link { original: other, .. }) => one == other,
        _ => one == other,
    }
}
