//! Step 6: swap areas are given up, so that the filesystems below them can be unmounted.
//!
//! Never in a container: there they are the host's.

use super::filesystems;
use crate::cockpit::work;
use crate::filesystems::mounts::decode;
use crate::stop::Stop;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;
use supervisor::sys::swap::swapoff;

/// How long one area may take: what was in it has ended, so little is left to be read.
const LIMIT: Duration = Duration::from_secs(30);

/// Gives up every area. What lies in filesystems of memory goes first, since it would only be read back to be forgotten.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    if !stop.permit.first_namespace() {
        return Ok(());
    }
    filesystems::unmount_memory(stop);
    let failed = give_up(stop);
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Tries again what an earlier round could not. True: something changed.
pub fn try_again(stop: &mut Stop) -> bool {
    let before = left(stop).len();
    before > 0 && give_up(stop).len() < before
}

/// The areas that are in use, as the operator knows them.
pub fn left(stop: &Stop) -> Vec<PathBuf> {
    if !stop.permit.first_namespace() {
        return Vec::new();
    }
    areas(&fs::read("/proc/swaps").unwrap_or_default()).iter().map(|area| stop.known_as(area)).collect()
}

/// Answers what could not be given up, and why.
fn give_up(stop: &mut Stop) -> Vec<String> {
    let mut failed = Vec::new();
    for area in areas(&fs::read("/proc/swaps").unwrap_or_default()) {
        let known = stop.known_as(&area).display().to_string();
        // The kernel tells the names as they are seen from the root of now.
        let Ok(path) = CString::new(area.clone().into_os_string().into_vec()) else { continue };
        let error = match work::within(stop, &format!("swap on {known}"), LIMIT, move || swapoff(&path)) {
            Some(Ok(())) => continue,
            Some(Err(error)) => error.to_string(),
            None => format!("not done after {} s", LIMIT.as_secs()),
        };
        failed.push(format!("unable to give up '{known}': {error}"));
    }
    failed
}

/// The first column of /proc/swaps, without the heading.
fn areas(table: &[u8]) -> Vec<PathBuf> {
    let lines = table.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty());
    lines.filter_map(|line| line.split(|byte| byte.is_ascii_whitespace()).next()).map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of areas are read without the heading.
    #[test]
    fn reads_areas() {
        let table = b"Filename\tType\tSize\n/dev/sda2 partition 1\n/swap\\040file file 2\n";
        assert_eq!(areas(table), ["/dev/sda2", "/swap file"].map(PathBuf::from));
        assert!(areas(b"").is_empty());
    }
}
