//! What /proc says, and ending a process for certain.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use supervisor::sys::event::{EPOLLIN, wait_ready};
use supervisor::sys::pidfd;
use supervisor::sys::proc;
use supervisor::sys::process;

use crate::Outcome;

/// ms within which a killed process must be gone.
const DEATH: u64 = 30_000;

/// The service directories that are held, and by which process: whoever has a supervise lock open.
///
/// A process may have several; one that only tries for the lock is found as well, for the moment that it lives.
pub fn supervises() -> Outcome<BTreeMap<PathBuf, u32>> {
    let mut found = BTreeMap::new();
    for pid in pids()? {
        // A process may end while we look.
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        let files = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        for file in files.filter(|file| file.ends_with("supervise/lock")) {
            if let Some(service) = file.parent().and_then(Path::parent) {
                found.insert(service.to_path_buf(), pid);
            }
        }
    }
    Ok(found)
}

/// The processes of the namespace.
fn pids() -> Outcome<Vec<u32>> {
    let names = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(names.collect())
}

/// The letter of a process's state; `None` once it is gone.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The process is there, and no zombie.
pub fn is_alive(pid: u32) -> bool {
    proc::start_ticks(pid).is_some()
}

/// Signals a process and waits until it is gone, whoever reaps it. False: it was gone before.
pub fn end(pid: u32, signal: u32) -> Outcome<bool> {
    let Ok(pidfd) = pidfd::open(pid) else { return Ok(false) };
    if !is_alive(pid) || process::kill(pid, signal).is_err() {
        return Ok(false);
    }
    match wait_ready(*pidfd, EPOLLIN, Some(DEATH)) {
        Ok(true) => Ok(true),
        _ => Err(format!("process {pid} outlives signal {signal}").into()),
    }
}

/// The first process has the pipe open that is the second one's standard input.
pub fn holds_input_of(pid: u32, reader: u32) -> bool {
    fs::read_link(format!("/proc/{reader}/fd/0")).is_ok_and(|pipe| has_open(pid, &pipe))
}

/// The process has the file open, or the pipe as /proc names it.
pub fn has_open(pid: u32, wanted: &Path) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).any(|file| file == wanted)
}
