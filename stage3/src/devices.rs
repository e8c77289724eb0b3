//! Devices made of files and other devices: they are taken apart so that what lies below can be unmounted.
//!
//! Only on the machine itself; in a container they are the host's. Loop devices and md arrays go; the device mapper's
//! devices stay, since their tables hold no data that a sync has not written.

use crate::stop::Stop;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;
use supervisor::sys::stop::{detach_loop, stop_array};

/// Detaches what is not busy. True: something changed.
pub fn detach(stop: &Stop) -> bool {
    if !stop.permit.first_namespace() {
        return false;
    }
    let blocks = stop.now_at("/sys/block");
    let Ok(entries) = fs::read_dir(&blocks) else { return false };
    let mut changed = false;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let device = stop.now_at("/dev").join(&name);
        changed |= match name.to_string_lossy() {
            name if name.starts_with("loop") => entry.path().join("loop").exists() && detach_one(&device, true),
            name if name.starts_with("md") => is_active(&entry.path()) && detach_one(&device, false),
            _ => false,
        };
    }
    changed
}

fn is_active(array: &Path) -> bool {
    fs::read_to_string(array.join("md/array_state")).is_ok_and(|state| !matches!(state.trim(), "clear" | "inactive"))
}

/// A loop device that is still mounted would only be marked for later, which is no change.
fn detach_one(device: &Path, is_loop: bool) -> bool {
    let Ok(file) = File::open(device) else { return false };
    if is_loop { detach_loop(file.as_raw_fd()).is_ok() } else { stop_array(file.as_raw_fd()).is_ok() }
}
