//! Devices made of files and other devices: they are taken apart so that what lies below can be unmounted.
//!
//! Only on the machine itself; in a container they are the host's. Loop devices, md arrays and the device mapper's devices
//! (LVM, dm-crypt) go, the upper ones in an earlier round than what they are made of.

use crate::bounded::within;
use crate::stop::Stop;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;
use supervisor::sys::stop::{detach_loop, remove_mapped_device, stop_array};

/// How long the devices may take together.
const LIMIT: Duration = Duration::from_secs(10);

/// The device mapper's control device, below /dev.
const MAPPER: &str = "mapper/control";

/// Detaches what is not busy. True: something changed.
pub fn detach(stop: &Stop) -> bool {
    if !stop.permit.first_namespace() {
        return false;
    }
    let blocks = stop.now_at("/sys/block");
    let dev = stop.now_at("/dev");
    within(LIMIT, move || detach_all(&blocks, &dev)).unwrap_or(false)
}

fn detach_all(blocks: &Path, dev: &Path) -> bool {
    let Ok(entries) = fs::read_dir(blocks) else { return false };
    let mut changed = false;
    for entry in entries.flatten() {
        let device = dev.join(entry.file_name());
        changed |= match entry.file_name().to_string_lossy() {
            name if name.starts_with("loop") => let_go(&entry.path(), has_file, || {
                let _ = File::open(&device).map(|file| detach_loop(file.as_raw_fd()));
            }),
            name if name.starts_with("md") => let_go(&entry.path(), is_active, || {
                let _ = File::open(&device).map(|file| stop_array(file.as_raw_fd()));
            }),
            name if name.starts_with("dm-") => let_go(&entry.path(), Path::exists, || {
                let _ = fs::read_to_string(entry.path().join("dm/name"))
                    .map(|name| remove_mapped(&dev.join(MAPPER), name.trim_end_matches('\n')));
            }),
            _ => false,
        };
    }
    changed
}

/// True: the device was in use, and is not any more. The kernel says yes to a loop device that is still mounted, and only
/// marks it for later, for ever: what it says counts for nothing.
fn let_go(device: &Path, in_use: fn(&Path) -> bool, ask: impl FnOnce()) -> bool {
    if !in_use(device) {
        return false;
    }
    ask();
    !in_use(device)
}

/// By its name; one that is busy stays.
fn remove_mapped(control: &Path, name: &str) {
    let opened = OpenOptions::new().read(true).write(true).open(control);
    let _ = opened.map(|control| remove_mapped_device(control.as_raw_fd(), name.as_bytes()));
}

fn has_file(device: &Path) -> bool {
    device.join("loop").exists()
}

fn is_active(array: &Path) -> bool {
    fs::read_to_string(array.join("md/array_state")).is_ok_and(|state| !matches!(state.trim(), "clear" | "inactive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that stays in use is no change, or the loop over the devices would never end.
    #[test]
    fn a_busy_device_is_no_change() {
        let device = tempfile::tempdir().unwrap();
        assert!(!let_go(device.path(), has_file, || panic!("asked a device that is not in use")));
        fs::create_dir(device.path().join("loop")).unwrap();
        assert!(!let_go(device.path(), has_file, || ()));
        assert!(let_go(device.path(), has_file, || fs::remove_dir(device.path().join("loop")).unwrap()));
    }
}
