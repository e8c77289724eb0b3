//! Devices made of files and other devices: they are taken apart so that what lies below can be unmounted.
//!
//! Only on the machine itself; in a container they are the host's. Loop devices, md arrays and the device mapper's devices
//! (LVM, dm-crypt) go, the upper ones in an earlier round than what they are made of. What the root itself lies on goes
//! last, when /dev and /sys are mounted no more: they are used through descriptors.

use crate::waiting::bounded::within;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::devices::{detach_loop, remove_mapped_device, stop_array};

/// How long the devices may take together.
const LIMIT: Duration = Duration::from_secs(10);

/// The device mapper's directory below /dev, and its control device in there.
const MAPPER: &str = "mapper";
const MAPPER_CONTROL: &str = "control";

/// /dev and /sys, open, because they are detached before the last filesystem and its devices go.
#[derive(Debug)]
pub struct Devices {
    dev: File,
    sys: File,
}

impl Devices {
    /// Opens both. `None`: one is not there.
    pub fn open(dev: &Path, sys: &Path) -> Option<Self> {
        Some(Self { dev: File::open(dev).ok()?, sys: File::open(sys).ok()? })
    }

    /// A path below /dev, wherever that is.
    pub fn node(&self, name: &str) -> PathBuf {
        below(&self.dev).join(name)
    }

    /// A path below /sys, wherever that is.
    pub fn attribute(&self, name: &str) -> PathBuf {
        below(&self.sys).join(name)
    }

    /// Takes apart what is not busy. True: something changed.
    pub fn detach(&self) -> bool {
        let (blocks, dev) = (self.attribute("block"), self.node(""));
        within(LIMIT, move || built(&blocks).iter().fold(false, |changed, device| device.let_go(&dev) | changed))
            .unwrap_or(false)
    }

    /// Those that are still there, as the operator knows them. A kernel that does not answer has proved nothing.
    pub fn left(&self) -> Vec<PathBuf> {
        let blocks = self.attribute("block");
        let left = within(LIMIT, move || built(&blocks).iter().map(Built::known_as).collect());
        left.unwrap_or_else(|| vec!["/sys/block".into()])
    }
}

fn below(directory: &File) -> PathBuf {
    format!("/proc/self/fd/{}", directory.as_raw_fd()).into()
}

/// What a device is made of decides how it is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Loop,
    Array,
    Mapped,
}

/// A device that is in use.
#[derive(Debug, PartialEq, Eq)]
struct Built {
    kind: Kind,
    /// Its directory in /sys/block.
    directory: PathBuf,
}

/// Those in use, of what is in /sys/block.
fn built(blocks: &Path) -> Vec<Built> {
    let Ok(entries) = fs::read_dir(blocks) else { return Vec::new() };
    let all = entries.flatten().filter_map(|entry| Built::of(entry.path()));
    all.filter(Built::is_in_use).collect()
}

impl Built {
    fn of(directory: PathBuf) -> Option<Self> {
        let kinds = [("loop", Kind::Loop), ("md", Kind::Array), ("dm-", Kind::Mapped)];
        let name = directory.file_name()?.to_string_lossy();
        let (_, kind) = kinds.into_iter().find(|(prefix, _)| name.starts_with(prefix))?;
        Some(Self { kind, directory })
    }

    fn is_in_use(&self) -> bool {
        match self.kind {
            Kind::Loop => self.directory.join("loop").exists(),
            Kind::Mapped => self.directory.exists(),
            Kind::Array => fs::read_to_string(self.directory.join("md/array_state"))
                .is_ok_and(|state| !matches!(state.trim(), "clear" | "inactive")),
        }
    }

    /// True: it is not in use any more. The kernel says yes to a loop device that is still mounted, and only marks it for
    /// later, for ever: what it says counts for nothing.
    fn let_go(&self, dev: &Path) -> bool {
        let node = || File::open(dev.join(self.directory.file_name().unwrap_or_default()));
        match self.kind {
            Kind::Loop => drop(node().map(|file| detach_loop(Descriptor(file.as_raw_fd())))),
            Kind::Array => drop(node().map(|file| stop_array(Descriptor(file.as_raw_fd())))),
            Kind::Mapped => self.remove(&dev.join(MAPPER).join(MAPPER_CONTROL)),
        }
        !self.is_in_use()
    }

    /// By its name; one that is busy stays.
    fn remove(&self, control: &Path) {
        let opened = OpenOptions::new().read(true).write(true).open(control);
        let _ =
            opened.map(|control| remove_mapped_device(Descriptor(control.as_raw_fd()), self.mapped_name().as_bytes()));
    }

    /// The device mapper's name of it; empty where it has none.
    fn mapped_name(&self) -> String {
        let name = fs::read_to_string(self.directory.join("dm/name")).unwrap_or_default();
        name.trim_end_matches('\n').to_owned()
    }

    fn known_as(&self) -> PathBuf {
        let dev = Path::new("/dev");
        match self.kind {
            Kind::Mapped => dev.join(MAPPER).join(self.mapped_name()),
            _ => dev.join(self.directory.file_name().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in use is found by what the kernel says of it; a device that stays in use is no change, or the loop over the
    /// devices would never end.
    #[test]
    fn in_use() {
        let blocks = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| {
            let path = blocks.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for path in ["loop0/size", "loop1/loop/backing_file", "sda/size"] {
            file(path, "");
        }
        file("md0/md/array_state", "clean\n");
        file("md1/md/array_state", "inactive\n");
        file("dm-3/dm/name", "vg-root\n");
        let mut names: Vec<_> = built(blocks.path()).iter().map(Built::known_as).collect();
        names.sort();
        assert_eq!(names, ["/dev/loop1", "/dev/mapper/vg-root", "/dev/md0"].map(PathBuf::from));
        let nowhere = blocks.path().join("dev");
        assert!(built(blocks.path()).iter().all(|device| !device.let_go(&nowhere)));
    }

    /// What was opened is reached after its directory has gone from its place.
    #[test]
    fn outlives_its_place() {
        let place = tempfile::tempdir().unwrap();
        let (dev, moved) = (place.path().join("dev"), place.path().join("moved"));
        fs::create_dir(&dev).unwrap();
        fs::write(dev.join("null"), "").unwrap();
        let devices = Devices::open(&dev, &dev).unwrap();
        fs::rename(&dev, &moved).unwrap();
        assert!(devices.node("null").exists() && !dev.exists());
    }
}
