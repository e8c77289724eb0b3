//! The way to a file, by descriptors: what has been looked at is what is worked on.
//!
//! Links on the way are followed, but nobody sends us where he may not write himself: what belongs to a user leads only to what
//! belongs to him too. Root's leads anywhere. Nothing here acts by a path that others may change meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, mkdirat};

/// A descriptor that only names a file, which may be a link.
const NAMES: OFlag = OFlag::O_PATH.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

/// A directory that is there, with what its path calls it in the end.
pub(super) struct Place {
    directory: File,
    name: OsString,
}

impl Place {
    /// Where `path` below `top` is, or is to be: its directory is made, if that is wanted.
    pub(super) fn find(top: &Path, path: &Path, makes: bool) -> io::Result<Self> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::EINVAL.into()) };
        Ok(Self { directory: walk(top, parent, makes, true)?, name: name.to_owned() })
    }

    /// A path that leads there whatever is renamed; as long as this lives.
    pub(super) fn path(&self) -> PathBuf {
        path_of(&self.directory).join(&self.name)
    }
}

/// What `path` below `top` names, which may be a link.
pub(super) fn find(top: &Path, path: &Path) -> io::Result<File> {
    walk(top, path, false, false)
}

/// What `path` below `top` leads to.
pub(super) fn follow(top: &Path, path: &Path) -> io::Result<File> {
    walk(top, path, false, true)
}

/// What is at a path whose end alone is in doubt: a link is not followed.
pub(super) fn open(path: &Path) -> io::Result<File> {
    Ok(openat(AT_FDCWD, path, NAMES, Mode::empty())?.into())
}

/// The same, and an error unless it is a directory.
pub(super) fn open_directory(path: &Path) -> io::Result<File> {
    Ok(openat(AT_FDCWD, path, NAMES | OFlag::O_DIRECTORY, Mode::empty())?.into())
}

/// A path that leads to an open file as long as that is open.
pub(super) fn path_of(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn walk(top: &Path, path: &Path, makes: bool, follows_end: bool) -> io::Result<File> {
    let mut at = Step::first(top)?;
    let mut waiting = names(path);
    let mut links = 0;
    while let Some(name) = waiting.pop() {
        let next = at.next(&name, makes)?;
        if !next.is_link || (waiting.is_empty() && !follows_end) {
            at = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(Errno::ELOOP.into());
        }
        let target = PathBuf::from(readlinkat(&next.file, "")?);
        // Where a link is relative to is known; that it has led there counts.
        at = if target.is_absolute() {
            next.lead_to(Step::first(Path::new("/"))?)?
        } else {
            Step { file: at.file, ..next }
        };
        waiting.extend(names(&target));
    }
    Ok(at.file)
}

/// The last first.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter(|name| matches!(name, Component::Normal(_) | Component::ParentDir));
    names.rev().map(|name| name.as_os_str().to_owned()).collect()
}

/// A file on the way, and who has led us there.
struct Step {
    file: File,
    owner: u32,
    is_link: bool,
    name: OsString,
}

impl Step {
    fn first(path: &Path) -> io::Result<Self> {
        Self::at(openat(AT_FDCWD, path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?.into(), path.as_os_str())
    }

    fn at(file: File, name: &OsStr) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { file, owner: metadata.uid(), is_link: metadata.is_symlink(), name: name.to_owned() })
    }

    fn next(&self, name: &OsStr, makes: bool) -> io::Result<Self> {
        let open = || openat(&self.file, name, NAMES, Mode::empty());
        let file = match open() {
            Err(Errno::ENOENT) if makes => match mkdirat(&self.file, name, Mode::from_bits_truncate(0o777)) {
                Ok(()) | Err(Errno::EEXIST) => open(),
                Err(error) => Err(error),
            },
            result => result,
        };
        self.lead_to(Self::at(file?.into(), name)?)
    }

    fn lead_to(&self, next: Self) -> io::Result<Self> {
        if self.owner == 0 || self.owner == next.owner {
            return Ok(next);
        }
        let (from, to) = (self.name.display(), next.name.display());
        Err(io::Error::other(format!(
            "unsafe: \"{from}\" belongs to user {}, and leads to \"{to}\" of user {}",
            self.owner, next.owner
        )))
    }
}
