//! What /proc says of our descendants. Nobody else's processes are looked at, and none but ours is signalled.

use std::collections::BTreeMap;
use std::fs;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::Outcome;

/// Orphans of the trees become our children, so that none can get lost.
pub fn adopt_orphans() -> Outcome<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// The living children of every process.
fn children() -> Outcome<BTreeMap<u32, Vec<u32>>> {
    let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while we look.
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = fields.next().unwrap_or("Z");
        let parent = fields.next().and_then(|parent| parent.parse().ok());
        if let Some(parent) = parent.filter(|_| state != "Z" && state != "X") {
            found.entry(parent).or_default().push(pid);
        }
    }
    Ok(found)
}

/// The living descendants of a process.
pub fn descendants(of: u32) -> Outcome<Vec<u32>> {
    let children = children()?;
    let mut found = Vec::new();
    let mut waiting = vec![of];
    while let Some(pid) = waiting.pop() {
        let own = children.get(&pid).map_or(&[][..], Vec::as_slice);
        found.extend(own);
        waiting.extend(own);
    }
    Ok(found)
}

/// Ends whatever descends from us, and reaps it.
pub fn end_descendants() -> Outcome<()> {
    loop {
        let left = descendants(std::process::id())?;
        for pid in &left {
            signal(*pid, Signal::SIGKILL)?;
        }
        reap();
        if left.is_empty() {
            return Ok(());
        }
    }
}

/// Reaps every child that has ended.
pub fn reap() {
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
}

/// Signals one of our descendants; that it has ended meanwhile is no error.
pub fn signal(pid: u32, signal: Signal) -> Outcome<()> {
    match kill(Pid::from_raw(i32::try_from(pid)?), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Private user memory of a process (USS), kB.
pub fn private_memory(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    Ok(sum(&text, &["Private_Clean:", "Private_Dirty:"]))
}

/// Kernel memory of the whole machine, kB: slabs, stacks and page tables. Other people's come and go meanwhile.
pub fn kernel_memory() -> Outcome<f64> {
    Ok(sum(&fs::read_to_string("/proc/meminfo")?, &["Slab:", "KernelStack:", "PageTables:"]))
}

/// How often a process has slept and been woken.
pub fn wakeups(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(sum(&text, &["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"]))
}

/// The sum of the named lines' numbers.
fn sum(text: &str, names: &[&str]) -> f64 {
    let fields = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let numbers = fields.filter_map(|fields| match fields.as_slice() {
        [name, number, ..] if names.contains(name) => number.parse::<f64>().ok(),
        _ => None,
    });
    numbers.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the named lines count.
    #[test]
    fn sums() {
        let text = "Rss: 100 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 8 kB\nPrivate_Hugetlb: 1 kB\n";
        assert_eq!(sum(text, &["Private_Clean:", "Private_Dirty:"]), 12.0);
    }
}
