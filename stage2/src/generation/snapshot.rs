//! The files of a unit set, as they are at one moment.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;

use crate::request::target::Sources;
use crate::system::replace::{remove, replace_kept, replace_link};

/// The largest file that is kept, in bytes: no unit is as large.
const LONGEST_FILE: u64 = 10 << 20;
/// How deep directories are kept: a bundle's links, and a unit's drop-ins.
const DEPTH: usize = 2;
/// Where a generation keeps where its links led.
const LINKS: &str = "links";

/// From a link, its path in the generation and its target: the target of the copy, and the original.
type Understand<'a> = dyn Fn(&Path, &Path, &Path) -> (PathBuf, PathBuf) + 'a;

/// A file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Directory,
    File(Vec<u8>),
    /// A link. One into a directory of units leads to the copy, and remembers where it led.
    Link {
        target: PathBuf,
        original: PathBuf,
    },
}

/// Files by their path in a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, Content>);

impl Snapshot {
    /// What is there now.
    pub fn take(sources: &Sources) -> Self {
        let mut snapshot = Self::default();
        for (kind, directories) in [("units", &sources.units), ("bundles", &sources.bundles)] {
            for (at, directory) in directories.iter().enumerate() {
                let to = PathBuf::from(format!("{kind}.{at}"));
                snapshot.0.insert(to.clone(), Content::Directory);
                snapshot.add(directory, &to, DEPTH, &|link, _, target| into_copy(sources, link, target));
            }
        }
        snapshot
    }

    /// What a generation holds.
    pub fn stored(directory: &Path) -> Self {
        let mut snapshot = Self::default();
        snapshot.add(directory, Path::new(""), DEPTH + 1, &|_, kept, target| {
            let original = fs::read_link(directory.join(LINKS).join(escaped(kept)));
            (target.to_owned(), original.unwrap_or_else(|_| target.to_owned()))
        });
        snapshot.0.retain(|path, _| !path.starts_with(LINKS));
        snapshot
    }

    fn add(&mut self, from: &Path, to: &Path, depth: usize, understand: &Understand<'_>) {
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            let Ok(kind) = entry.file_type() else { continue };
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() && depth > 0 {
                self.0.insert(to.clone(), Content::Directory);
                self.add(&path, &to, depth - 1, understand);
            } else if let Ok(target) = fs::read_link(&path) {
                let (target, original) = understand(&path, &to, &target);
                self.0.insert(to, Content::Link { target, original });
            } else if kind.is_file()
                && let Ok(text) = read(&path)
            {
                self.0.insert(to, Content::File(text));
            }
        }
    }

    /// Writes it as a generation; it is on disk when this returns.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory.join(LINKS))?;
        for (path, content) in &self.0 {
            let to = directory.join(path);
            match content {
                Content::Directory => fs::create_dir_all(to)?,
                Content::File(text) => fs::write(to, text)?,
                Content::Link { target, original } => {
                    symlink(target, to)?;
                    symlink(original, directory.join(LINKS).join(escaped(path)))?;
                }
            }
        }
        // Once for all its files: each by itself would cost a write of the journal.
        Ok(nix::unistd::syncfs(File::open(directory)?)?)
    }

    /// Makes a directory hold what it held.
    pub fn restore(&self, part: &str, directory: &Path) -> io::Result<()> {
        let own = self.0.iter().filter_map(|(path, content)| Some((path.strip_prefix(part).ok()?, content)));
        let own: BTreeMap<&Path, &Content> = own.filter(|(path, _)| !path.as_os_str().is_empty()).collect();
        fs::create_dir_all(directory)?;
        for (path, content) in &own {
            let to = directory.join(path);
            match content {
                Content::Directory => fs::create_dir_all(to)?,
                Content::File(text) if read(&to).is_ok_and(|old| old == *text) => {}
                Content::File(text) => replace_kept(&to, text, 0o644)?,
                Content::Link { original, .. } if fs::read_link(&to).is_ok_and(|old| old == *original) => {}
                Content::Link { original, .. } => replace_link(&to, original)?,
            }
        }
        let mut there = Self::default();
        there.add(directory, Path::new(""), DEPTH, &|_, _, target| (target.to_owned(), target.to_owned()));
        for path in there.0.keys().rev().filter(|path| !own.contains_key(path.as_path())) {
            let path = directory.join(path);
            if path.is_dir() && !path.is_symlink() { fs::remove_dir(path)? } else { remove(&path)? }
        }
        Ok(())
    }
}

/// A link into a directory of units leads to its copy: what else has its name counts only by the name.
fn into_copy(sources: &Sources, link: &Path, target: &Path) -> (PathBuf, PathBuf) {
    let whole = link.parent().map_or_else(|| target.to_owned(), |parent| parent.join(target));
    let parent = whole.parent().and_then(|parent| fs::canonicalize(parent).ok());
    let is_it = |directory: &PathBuf| fs::canonicalize(directory).is_ok_and(|found| Some(found) == parent);
    let copy = match (sources.units.iter().position(is_it), whole.file_name()) {
        (Some(at), Some(name)) => Path::new("../..").join(format!("units.{at}")).join(name),
        _ => whole,
    };
    (copy, target.to_owned())
}

/// A path as one file name.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('/', "%2F")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let mut text = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut text)?;
    Ok(text)
}
