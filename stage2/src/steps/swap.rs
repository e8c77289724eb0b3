//! `swapon`, `swapoff`: the swap areas of fstab.

use std::ffi::CString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use super::error::Trying;
use super::failures::Failures;
use super::fstab::{self, Entry};
use super::root::Root;
use super::say::warn;
use super::{StepError, device, guard};

pub(super) fn on(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut failures = Failures::default();
    let active = active(root)?;
    let deadline = Instant::now() + device::PATIENCE;
    for entry in fstab::read(root)?.iter().filter(|entry| entry.is_swap() && !entry.has("noauto")) {
        let device = device::resolve(&entry.source);
        if !root.is_dry() && device::is_missing(&device) && !entry.has("nofail") {
            device::wait(Path::new(&device), deadline);
        }
        let path = real(&entry.source);
        if active.contains(&path) || !root.does(format_args!("swap to {path}")) {
            continue;
        }
        match swapon(entry, &path).map_err(|error| error.at(&entry.place)) {
            Err(error) if entry.has("nofail") => warn(&error),
            result => failures.note(result),
        }
    }
    failures.finish()
}

pub(super) fn off(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut failures = Failures::default();
    for path in active(root)? {
        if !root.does(format_args!("stop swapping to {path}")) {
            continue;
        }
        let result = c_string(&path).and_then(|path| supervisor::sys::swap::swapoff(&path).map_err(to_io));
        failures.note(result.trying(format_args!("stop swapping to {path}")));
    }
    failures.finish()
}

fn swapon(entry: &Entry, path: &str) -> Result<(), StepError> {
    let priority = entry.value("pri").and_then(|text| text.parse().ok());
    let discard = entry.has("discard") || entry.value("discard").is_some();
    let result = c_string(path).and_then(|path| supervisor::sys::swap::swapon(&path, priority, discard).map_err(to_io));
    result.trying(format_args!("swap to {path}"))
}

/// The path without links, as /proc/swaps shows it.
fn real(source: &str) -> String {
    let path = device::resolve(source);
    fs::canonicalize(&path).map_or(path, |real| real.to_string_lossy().into_owned())
}

/// The areas in use.
fn active(root: &Root) -> Result<Vec<String>, StepError> {
    let text = root.read("/proc/swaps")?.unwrap_or_default();
    Ok(text.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().next()).map(fstab::decode).collect())
}

fn c_string(path: &str) -> io::Result<CString> {
    CString::new(path).map_err(io::Error::from)
}

fn to_io(error: supervisor::sys::error::Errno) -> io::Error {
    io::Error::from_raw_os_error(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The heading is left out, names are decoded.
    #[test]
    fn proc_swaps() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir(root.path("/proc")).unwrap();
        let text = "Filename\t\t\tType\t\tSize\n/dev/sda2   partition\t1\t0\t-2\n/swap\\040file file\t1\t0\t-3\n";
        fs::write(root.path("/proc/swaps"), text).unwrap();
        assert_eq!(active(&root).unwrap(), ["/dev/sda2", "/swap file"]);
    }
}
