//! The mount table of this mount namespace, read from /proc/self/mountinfo.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Filesystems that keep nothing on any device: they are detached last, without asking whether they are busy.
const WITHOUT_STORAGE: [&str; 17] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "proc",
    "pstore",
    "securityfs",
    "sysfs",
    "tracefs",
];

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The kernel's number of the mount; /proc/PID/fdinfo has it too.
    pub id: u32,
    /// `major:minor` of the filesystem.
    pub device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// The filesystem's type.
    pub kind: String,
    /// What is mounted: a device, usually.
    pub source: String,
    /// It is mounted read-only here.
    pub read_only: bool,
}

impl Mount {
    /// Takes one line apart.
    fn parse(line: &str) -> Option<Self> {
        let (here, filesystem) = line.split_once(" - ")?;
        let mut here = here.split(' ');
        let mut filesystem = filesystem.split(' ');
        let id = here.next()?.parse().ok()?;
        let device = here.nth(1)?.into();
        let point = unescape(here.nth(1)?);
        let read_only = here.next()?.split(',').any(|option| option == "ro");
        Some(Self {
            id,
            device,
            point,
            kind: filesystem.next()?.into(),
            source: unescape(filesystem.next()?).to_string_lossy().into_owned(),
            read_only,
        })
    }

    /// Nothing is lost when it is only detached. `dev` is where /dev is now.
    pub fn is_without_storage(&self, dev: &Path) -> bool {
        WITHOUT_STORAGE.contains(&self.kind.as_str()) || self.kind == "tmpfs" && self.point.starts_with(dev)
    }
}

/// The table, oldest mount first.
pub fn all() -> Vec<Mount> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    table.lines().filter_map(Mount::parse).collect()
}

/// Undoes the kernel's `\040` and its like.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Optional fields, escapes and read-only mounts are read as proc(5) says.
    #[test]
    fn parses_lines() {
        let line = r"36 35 98:0 /mnt1 /mnt\0402 ro,noatime master:1 shared:2 - ext3 /dev/r\134oot rw,errors=continue";
        let mount = Mount::parse(line).unwrap();
        assert_eq!((mount.id, mount.device.as_str(), mount.point.to_str()), (36, "98:0", Some("/mnt 2")));
        assert_eq!((mount.kind.as_str(), mount.source.as_str(), mount.read_only), ("ext3", r"/dev/r\oot", true));
        assert_eq!(Mount::parse("36 35 98:0 / /mnt rw"), None);
    }

    /// /dev's tmpfs holds nothing, another one may.
    #[test]
    fn storage() {
        let tmpfs = |point: &str| Mount::parse(&format!("1 0 0:1 / {point} rw - tmpfs tmpfs rw")).unwrap();
        assert!(tmpfs("/old/dev/shm").is_without_storage(Path::new("/old/dev")));
        assert!(!tmpfs("/old/mnt").is_without_storage(Path::new("/old/dev")));
    }
}
