//! What the program sees of the file system: a mount namespace of its own, in which paths are read-only, hidden, or its
//! own.
//!
//! Mounts of the machine still come and go in it, or it would keep them busy after they were unmounted. What is to be
//! covered and is not there is a failure: a path that was misspelt must not pass for one that is protected.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{chdir, getcwd};
use supervisor::octal;

use crate::failure::Failure;
use crate::wishes::Wishes;

/// Temporary directories.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];
/// What an empty file is made from.
const NOTHING: &str = "/dev/null";

/// A mount's options by their words in /proc/self/mountinfo: those that a change must not lose.
const OPTIONS: [(&str, MsFlags); 7] = [
    ("ro", MsFlags::MS_RDONLY),
    ("nosuid", MsFlags::MS_NOSUID),
    ("nodev", MsFlags::MS_NODEV),
    ("noexec", MsFlags::MS_NOEXEC),
    ("noatime", MsFlags::MS_NOATIME),
    ("nodiratime", MsFlags::MS_NODIRATIME),
    ("relatime", MsFlags::MS_RELATIME),
];

/// Makes the namespace, if anything is wished for that needs one. First what is read-only, so that what is hidden or
/// private may lie in it.
pub fn make(wishes: &Wishes) -> Result<(), Failure> {
    if wishes.read_only.is_empty() && wishes.hide.is_empty() && !wishes.private_tmp {
        return Ok(());
    }
    let here = getcwd().ok();
    unshare(CloneFlags::CLONE_NEWNS).map_err(|error| Failure::new("have a mount namespace", error))?;
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_SLAVE, NONE)
        .map_err(|error| Failure::new("keep mounts to ourselves", error))?;
    wishes.read_only.iter().try_for_each(|path| make_read_only(path))?;
    wishes.hide.iter().try_for_each(|path| hide(path))?;
    let temporary = TEMPORARY.iter().filter(|_| wishes.private_tmp).map(Path::new);
    temporary.filter(|path| path.is_dir()).try_for_each(make_private)?;
    // The old working directory is below what covers it now; where its path leads nowhere any more, it has to stay.
    if let Some(here) = here {
        let _ = chdir(&here);
    }
    Ok(())
}

const NONE: Option<&str> = None;

fn make_read_only(path: &Path) -> Result<(), Failure> {
    let failure = |error: std::io::Error| Failure::new(format!("make {} read-only", path.display()), error);
    let path = fs::canonicalize(path).map_err(failure)?;
    if !mounts().map_err(failure)?.iter().any(|mount| mount.path == path) {
        bind(&path, &path, MsFlags::MS_REC).map_err(|error| failure(error.into()))?;
    }
    let below: Vec<Mount> = mounts().map_err(failure)?;
    for mount in below.iter().filter(|mount| mount.path.starts_with(&path) && !mount.is_read_only()) {
        let flags = mount.flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        nix::mount::mount(NONE, &mount.path, NONE, flags, NONE).map_err(|error| failure(error.into()))?;
    }
    Ok(())
}

/// A directory is covered by an empty one that cannot be written, a file by nothing.
fn hide(path: &Path) -> Result<(), Failure> {
    let failure = |error: std::io::Error| Failure::new(format!("hide {}", path.display()), error);
    let done = match fs::metadata(path).map_err(failure)?.is_dir() {
        true => cover(path, "mode=555,size=4k", MsFlags::MS_RDONLY | MsFlags::MS_NOEXEC),
        false => bind(Path::new(NOTHING), path, MsFlags::empty()),
    };
    done.map_err(|error| failure(error.into()))
}

fn make_private(path: &Path) -> Result<(), Failure> {
    let failure = |error| Failure::new(format!("have a {} of our own", path.display()), error);
    cover(path, "mode=1777", MsFlags::empty()).map_err(failure)
}

fn cover(path: &Path, options: &str, flags: MsFlags) -> nix::Result<()> {
    mount(Some("tmpfs"), path, Some("tmpfs"), flags | MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options))
}

fn bind(from: &Path, to: &Path, flags: MsFlags) -> nix::Result<()> {
    mount(Some(from), to, NONE, flags | MsFlags::MS_BIND, NONE)
}

/// A line of /proc/self/mountinfo.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    path: PathBuf,
    flags: MsFlags,
}

impl Mount {
    fn read(line: &str) -> Option<Self> {
        let mut fields = line.split(' ').skip(4);
        let (path, options) = (fields.next()?, fields.next()?);
        let known = |word: &str| OPTIONS.iter().find(|(name, _)| *name == word).map(|(_, flag)| *flag);
        Some(Self {
            path: PathBuf::from(OsString::from_vec(octal::decode(path.as_bytes()).collect())),
            flags: options.split(',').filter_map(known).collect(),
        })
    }

    fn is_read_only(&self) -> bool {
        self.flags.contains(MsFlags::MS_RDONLY)
    }
}

fn mounts() -> std::io::Result<Vec<Mount>> {
    Ok(fs::read_to_string("/proc/self/mountinfo")?.lines().filter_map(Mount::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a mount is, and what a change of it must not lose.
    #[test]
    fn lines() {
        let line = "36 35 98:0 /mnt1 /mnt\\0402 rw,nosuid,relatime master:1 - ext3 /dev/root rw,errors=continue";
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_RELATIME;
        assert_eq!(Mount::read(line), Some(Mount { path: "/mnt 2".into(), flags }));
        assert_eq!(Mount::read("36 35"), None);
    }
}
