//! Who keeps a mount busy, read from /proc/*/{fd,cwd,root,exe,maps}.

use crate::filesystems::mounts::{self, Mount};
use crate::processes;
use std::fs;
use std::path::{Path, PathBuf};

/// A process with something open below a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// What it holds.
    pub path: PathBuf,
}

/// The first thing that each process holds of the mount. `table` tells mounts below it apart from it.
pub fn of(mount: &Mount, table: &[Mount]) -> Vec<Holder> {
    let processes = processes::all().into_iter().filter(|process| !process.kernel && !process.zombie);
    processes
        .filter_map(|process| {
            let path = descriptor(process.pid, mount.id).or_else(|| other(process.pid, mount, table))?;
            Some(Holder { pid: process.pid, path })
        })
        .collect()
}

/// Mounts that a process keeps busy, but the root's, the run directory's, and those that hold nothing.
pub fn mounts_of(pid: u32, run: &Path) -> Vec<String> {
    let (table, numbers, places) = (mounts::all(), processes::open_mounts(pid), places(pid));
    let is_lasting = |point: &Path| point == Path::new("/") || point == run;
    let counts = |mount: &&Mount| !is_lasting(&mount.point) && !mount.is_without_storage(Path::new("/dev"));
    let held = |mount: &&Mount| numbers.contains(&mount.id) || places.iter().any(|path| is_on(path, mount, &table));
    table.iter().filter(counts).filter(held).map(|mount| mount.point.display().to_string()).collect()
}

/// An open descriptor; the kernel tells the number of its mount.
fn descriptor(pid: u32, mount: u32) -> Option<PathBuf> {
    let mut entries = fs::read_dir(format!("/proc/{pid}/fdinfo")).ok()?.flatten();
    entries.find_map(|entry| {
        let info = fs::read_to_string(entry.path()).ok()?;
        let number = info.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
        let held = number.trim().parse() == Ok(mount);
        held.then(|| fs::read_link(format!("/proc/{pid}/fd/{}", entry.file_name().display())).ok()).flatten()
    })
}

/// A directory, the program or a mapped file, found by its path.
fn other(pid: u32, mount: &Mount, table: &[Mount]) -> Option<PathBuf> {
    places(pid).into_iter().find(|path| is_on(path, mount, table))
}

/// What a process holds without a descriptor.
fn places(pid: u32) -> Vec<PathBuf> {
    let links = ["cwd", "root", "exe"];
    let linked = links.iter().filter_map(|link| fs::read_link(format!("/proc/{pid}/{link}")).ok());
    let maps = processes::read(pid, "maps");
    let maps = String::from_utf8_lossy(&maps);
    let mapped = maps.lines().filter_map(|line| line.find('/').and_then(|at| line.get(at..))).map(PathBuf::from);
    linked.chain(mapped).collect()
}

/// The deepest mount above the path is this one.
fn is_on(path: &Path, mount: &Mount, table: &[Mount]) -> bool {
    let above = table.iter().filter(|other| path.starts_with(&other.point));
    above.max_by_key(|other| other.point.components().count()).is_some_and(|deepest| deepest.id == mount.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(id: u32, point: &str) -> Mount {
        let text = String::new();
        Mount { id, device: text.clone(), point: point.into(), kind: text.clone(), source: text, read_only: false }
    }

    /// A path belongs to the deepest mount above it.
    #[test]
    fn deepest_mount() {
        let table = [mount(1, "/"), mount(2, "/mnt"), mount(3, "/mnt/a")];
        assert!(is_on(Path::new("/mnt/b"), &table[1], &table));
        assert!(!is_on(Path::new("/mnt/a/b"), &table[1], &table));
        assert!(!is_on(Path::new("/mntx"), &table[1], &table));
    }

    /// The test program itself holds the mount that it was started from.
    #[test]
    fn finds_itself() {
        let table = crate::filesystems::mounts::all();
        let exe = std::env::current_exe().unwrap();
        let mount = table.iter().filter(|m| exe.starts_with(&m.point)).max_by_key(|m| m.point.components().count());
        let holders = of(mount.unwrap(), &table);
        assert!(holders.iter().any(|holder| holder.pid == std::process::id()), "{holders:?}");
    }

    /// An open file and a working directory keep their mounts; what holds nothing is not told.
    #[test]
    fn mounts_of_a_process() {
        let _open = fs::File::open("/proc/version").unwrap();
        assert!(!mounts_of(std::process::id(), Path::new("/run")).contains(&"/proc".to_string()));
        let numbers = processes::open_mounts(std::process::id());
        assert!(mounts::all().iter().any(|mount| mount.point == Path::new("/proc") && numbers.contains(&mount.id)));
        assert_eq!(mounts_of(u32::MAX, Path::new("/run")), [""; 0]);
    }
}
