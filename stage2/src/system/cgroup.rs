//! Control groups, version 2: a leaf for each unit below `sunup/`, so that a unit's processes can be found and killed
//! together. Where there is no writable version 2, units have process groups only.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor::octal::decode;
use supervisor::paths::run;

use super::replace::{remove as remove_file, replace_if_different};

/// The directory below the mount that all leaves of units are in.
const OURS: &str = "sunup";
/// Rounds of killing where the kernel has no `cgroup.kill` (before 5.14).
const ROUNDS: usize = 20;

/// The directory that leaves are made in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupRoot(PathBuf);

impl CgroupRoot {
    /// `sunup/` below the first version-2 mount, if it can be made.
    pub fn find() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        Self::at(&mount_point(&mounts)?.join(OURS))
    }

    /// A directory that is given, if it can be made and processes be moved into it.
    pub fn at(directory: &Path) -> Option<Self> {
        let is_ready = fs::create_dir_all(directory).is_ok() && directory.join("cgroup.procs").exists();
        is_ready.then(|| Self(directory.into()))
    }

    /// Where the engine of a run directory makes leaves, as it says itself; `None`: it makes none.
    pub fn published(run: &Path) -> Option<Self> {
        let mut text = fs::read(run.join(run::CGROUP)).ok()?;
        text.pop_if(|last| *last == b'\n');
        Some(Self(OsString::from_vec(text).into()))
    }

    /// Says in the run directory where leaves are made, for those who only look. Where that cannot be written, they find none.
    pub fn publish(root: Option<&Self>, run: &Path) {
        let path = run.join(run::CGROUP);
        let _ = match root {
            Some(Self(directory)) => {
                let text = [directory.as_os_str().as_bytes(), b"\n"].concat();
                replace_if_different(&path, &text, 0o644).map(drop)
            }
            None => remove_file(&path),
        };
    }

    /// The leaf of a unit, which need not exist.
    pub fn leaf(&self, unit: &str) -> PathBuf {
        self.0.join(unit)
    }

    /// Makes a unit's leaf.
    pub fn make_leaf(&self, unit: &str) -> io::Result<PathBuf> {
        let leaf = self.leaf(unit);
        fs::create_dir_all(&leaf).map(|()| leaf)
    }
}

/// Moves the calling process into a leaf.
pub fn enter(leaf: &Path) -> io::Result<()> {
    fs::write(leaf.join("cgroup.procs"), "0")
}

/// KILLs every process in a leaf. One without processes, or none at all, is no error.
pub fn kill_all(leaf: &Path) {
    if fs::write(leaf.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for _ in 0..ROUNDS {
        let pids = processes(leaf);
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Asks every process in a leaf to end, stopped ones too. Who does not is for stage 3 to name.
pub fn terminate_all(leaf: &Path) {
    for pid in processes(leaf) {
        for signal in [Signal::SIGTERM, Signal::SIGCONT] {
            let _ = kill(pid, signal);
        }
    }
}

/// The processes in a leaf; none if there is no leaf.
pub fn processes(leaf: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(leaf.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 1).map(Pid::from_raw).collect()
}

/// Removes a leaf; one that still holds processes stays.
pub fn remove(leaf: &Path) {
    let _ = fs::remove_dir(leaf);
}

/// The mount point of the first version-2 hierarchy in the text of mountinfo.
fn mount_point(mounts: &str) -> Option<PathBuf> {
    let line = mounts.lines().find(|line| line.split(" - ").nth(1).is_some_and(|tail| tail.starts_with("cgroup2 ")))?;
    line.split(' ').nth(4).map(|path| OsString::from_vec(decode(path.as_bytes()).collect()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version-2 mount is found among others, on a unified and on a hybrid system.
    #[test]
    fn finds_the_mount() {
        let hybrid = "30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
            32 30 0:28 / /sys/fs/cgroup/uni\\040\\134fied rw shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount_point(hybrid), Some("/sys/fs/cgroup/uni \\fied".into()));
        assert_eq!(mount_point("30 24 0:26 / /cgroup2 rw - tmpfs tmpfs rw\n"), None);
    }
}
