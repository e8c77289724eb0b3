//! Filesystems that stay alive after their unmount, because another mount namespace has them as well.
//!
//! The mount table does not show them. Their devices do: an exclusive opening is refused while a filesystem is on one.
//! Only on the machine itself; in a container the devices are the host's.

use crate::mounts::Mount;
use nix::errno::Errno;
use nix::libc::{O_EXCL, O_NONBLOCK};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The devices with filesystems that were writable, and where each was mounted.
#[derive(Debug)]
pub struct Superblocks {
    /// /dev, open, because it is detached before the last filesystem goes.
    dev: File,
    devices: BTreeMap<String, (String, PathBuf)>,
}

impl Superblocks {
    /// Remembers them. `None`: /dev cannot be opened.
    pub fn note(dev: &Path, sys: &Path, table: &[Mount]) -> Option<Self> {
        let mut devices = BTreeMap::new();
        for mount in table.iter().filter(|mount| !mount.read_only) {
            let event = sys.join("dev/block").join(&mount.device).join("uevent");
            if let Some(name) = device_name(&fs::read_to_string(event).unwrap_or_default()) {
                devices.entry(mount.device.clone()).or_insert((name, mount.point.clone()));
            }
        }
        Some(Self { dev: File::open(dev).ok()?, devices })
    }

    /// Mount points of those that are no longer mounted here and busy all the same.
    pub fn busy(&self, table: &[Mount]) -> Vec<&Path> {
        let gone = self.devices.iter().filter(|(device, _)| !table.iter().any(|mount| mount.device == **device));
        gone.filter(|(_, (name, _))| self.is_busy(name)).map(|(_, (_, point))| point.as_path()).collect()
    }

    fn is_busy(&self, name: &str) -> bool {
        let path = format!("/proc/self/fd/{}/{name}", self.dev.as_raw_fd());
        let opened = OpenOptions::new().read(true).custom_flags(O_EXCL | O_NONBLOCK).open(path);
        opened.is_err_and(|error| error.raw_os_error() == Some(Errno::EBUSY as i32))
    }
}

/// The device's name below /dev, from its uevent file.
fn device_name(event: &str) -> Option<String> {
    event.lines().find_map(|line| line.strip_prefix("DEVNAME=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mount without a block device is not remembered; what is not there is not busy.
    #[test]
    fn remembers_block_devices_only() {
        assert_eq!(device_name("MAJOR=8\nMINOR=1\nDEVNAME=sda1\n").as_deref(), Some("sda1"));
        let sys = std::env::temp_dir().join(format!("sunup-stage3-superblocks-{}", std::process::id()));
        fs::create_dir_all(sys.join("dev/block/8:1")).unwrap();
        fs::write(sys.join("dev/block/8:1/uevent"), "DEVNAME=sunup-no-such-device\n").unwrap();
        let mount = |device: &str| Mount {
            id: 1,
            device: device.into(),
            point: "/mnt".into(),
            kind: String::new(),
            source: String::new(),
            read_only: false,
        };
        let noted = Superblocks::note(&sys, &sys, &[mount("8:1"), mount("0:5")]).unwrap();
        assert_eq!(noted.devices.len(), 1);
        assert!(noted.busy(&[]).is_empty());
        fs::remove_dir_all(sys).unwrap();
    }
}
