//! Filesystems that stay alive after their unmount, because another mount namespace has them as well.
//!
//! The mount table does not show them. Their devices do: an exclusive opening is refused while a filesystem is on one.
//! Only on the machine itself; in a container the devices are the host's.

use crate::filesystems::devices::Devices;
use crate::filesystems::mounts::Mount;
use nix::errno::Errno;
use nix::libc::{O_EXCL, O_NONBLOCK};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The devices with filesystems that were writable, and where each was mounted.
#[derive(Debug, Default)]
pub struct Superblocks(BTreeMap<String, (String, PathBuf)>);

impl Superblocks {
    /// Remembers them.
    pub fn note(devices: &Devices, table: &[Mount]) -> Self {
        let mut noted = BTreeMap::new();
        for mount in table.iter().filter(|mount| !mount.read_only) {
            let event = devices.attribute("dev/block").join(&mount.device).join("uevent");
            if let Some(name) = device_name(&fs::read_to_string(event).unwrap_or_default()) {
                noted.entry(mount.device.clone()).or_insert((name, mount.point.clone()));
            }
        }
        Self(noted)
    }

    /// Mount points of those that are no longer mounted here and busy all the same.
    pub fn busy(&self, devices: &Devices, table: &[Mount]) -> Vec<&Path> {
        let gone = self.0.iter().filter(|(device, _)| !table.iter().any(|mount| mount.device == **device));
        let busy = gone.filter(|(_, (name, _))| is_busy(&devices.node(name)));
        busy.map(|(_, (_, point))| point.as_path()).collect()
    }
}

fn is_busy(node: &Path) -> bool {
    let opened = OpenOptions::new().read(true).custom_flags(O_EXCL | O_NONBLOCK).open(node);
    opened.is_err_and(|error| error.raw_os_error() == Some(Errno::EBUSY as i32))
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
        let sys = tempfile::tempdir().unwrap();
        fs::create_dir_all(sys.path().join("dev/block/8:1")).unwrap();
        fs::write(sys.path().join("dev/block/8:1/uevent"), "DEVNAME=sunup-no-such-device\n").unwrap();
        let mount = |device: &str| Mount {
            id: 1,
            device: device.into(),
            point: "/mnt".into(),
            kind: String::new(),
            source: String::new(),
            read_only: false,
        };
        let devices = Devices::open(sys.path(), sys.path()).unwrap();
        let noted = Superblocks::note(&devices, &[mount("8:1"), mount("0:5")]);
        assert_eq!(noted.0.len(), 1);
        assert!(noted.busy(&devices, &[]).is_empty());
    }
}
