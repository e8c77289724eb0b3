//! The directory everything happens in: a tmpfs where there is one, as a booted system's /run is. Removed when dropped.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};
use tempfile::TempDir;
use tests::programs;

use crate::Outcome;

/// Memory that is a file system on every distribution.
const SHARED_MEMORY: &str = "/dev/shm";

/// The directory.
#[derive(Debug)]
pub struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// A fresh one.
    pub fn new() -> Outcome<Self> {
        let memory = Path::new(SHARED_MEMORY);
        let runs = statvfs(memory).is_ok_and(|status| !status.flags().contains(FsFlags::ST_NOEXEC));
        let mut builder = tempfile::Builder::new();
        builder.prefix("sunup-bench-");
        let directory =
            if runs { builder.tempdir_in(memory).or_else(|_| builder.tempdir()) } else { builder.tempdir() };
        Ok(Self { directory: directory? })
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }

    /// An empty directory in it, whatever was there before.
    pub fn fresh(&self, below: &str) -> Outcome<PathBuf> {
        let path = self.path(below);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }
}

/// Where a program of ours is.
pub fn ours(name: &str) -> PathBuf {
    programs::built().join(name)
}

/// Makes a service directory whose `run` is the sleeper.
pub fn make_service(directory: &Path) -> Outcome<()> {
    std::fs::create_dir_all(directory)?;
    Ok(symlink(ours("sleeper"), directory.join("run"))?)
}

/// The path of an installed program.
pub fn installed(name: &str) -> Option<PathBuf> {
    let places = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&places).map(|place| place.join(name));
    candidates.find(|path| path.is_file() && !path.starts_with(programs::directory()))
}
