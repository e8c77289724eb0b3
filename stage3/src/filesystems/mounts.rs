//! The mount table of this mount namespace, read from /proc/self/mountinfo.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use supervisor::octal;
use supervisor::sys::capability;

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
    fn parse(line: &[u8]) -> Option<Self> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let mut fields = line.split(|byte| *byte == b' ');
        let id = text(fields.next()?).parse().ok()?;
        let device = text(fields.nth(1)?);
        let point = decode(fields.nth(1)?);
        let read_only = text(fields.next()?).split(',').any(|option| option == "ro");
        let mut filesystem = fields.skip_while(|field| *field != b"-").skip(1);
        let kind = text(filesystem.next()?);
        let source = decode(filesystem.next()?).to_string_lossy().into_owned();
        Some(Self { id, device, point, kind, source, read_only })
    }

    /// It lies in memory, as a root too: nothing is lost with it, and it keeps no disk busy.
    pub fn is_in_memory(&self) -> bool {
        ["rootfs", "tmpfs", "ramfs"].contains(&self.kind.as_str())
    }

    /// Nothing is lost when it is only detached. `dev` is where /dev is now.
    pub fn is_without_storage(&self, dev: &Path) -> bool {
        WITHOUT_STORAGE.contains(&self.kind.as_str()) || self.kind == "tmpfs" && self.point.starts_with(dev)
    }
}

/// The table, oldest mount first; empty only when it cannot be read. Names in it need not be text.
pub fn all() -> Vec<Mount> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    table.split(|byte| *byte == b'\n').filter_map(Mount::parse).collect()
}

/// Where a path lies. An initramfs hands over mounts that are older than the root which they are moved to, so age does not tell.
pub fn holding<'a>(table: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let above = table.iter().filter(|mount| path.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.components().count())
}

/// A name as the kernel writes it in its tables.
pub fn decode(name: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(octal::decode(name).collect()))
}

/// False where we lack CAP_SYS_ADMIN, as in most containers: what is mounted is then the business of whoever made it.
pub fn are_ours() -> bool {
    capability::is_effective(capability::SYS_ADMIN).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Optional fields, escapes and read-only mounts are read as proc(5) says.
    #[test]
    fn parses_lines() {
        let line = br"36 35 98:0 /mnt1 /mnt\0402 ro,noatime master:1 shared:2 - ext3 /dev/r\134oot rw,errors=continue";
        let mount = Mount::parse(line).unwrap();
        assert_eq!((mount.id, mount.device.as_str(), mount.point.to_str()), (36, "98:0", Some("/mnt 2")));
        assert_eq!((mount.kind.as_str(), mount.source.as_str(), mount.read_only), ("ext3", r"/dev/r\oot", true));
        assert_eq!(Mount::parse(b"36 35 98:0 / /mnt rw"), None);
        let latin = Mount::parse(b"1 0 0:1 / /mnt/\xfc rw - tmpfs tmpfs rw").unwrap();
        assert_eq!(latin.point.as_os_str().as_encoded_bytes(), b"/mnt/\xfc");
    }

    /// The nearest counts, of several at one place the one on top.
    #[test]
    fn nearest_mount() {
        let lines =
            ["1 0 0:1 / /run rw - tmpfs one rw", "2 0 0:2 / / rw - ext4 two rw", "3 0 0:3 / /run rw - tmpfs three rw"];
        let table: Vec<_> = lines.iter().filter_map(|line| Mount::parse(line.as_bytes())).collect();
        let source = |path: &str| holding(&table, Path::new(path)).map(|mount| mount.source.as_str());
        assert_eq!(source("/run/initramfs"), Some("three"));
        assert_eq!((source("/running"), source("/")), (Some("two"), Some("two")));
        assert_eq!(holding(&table[..1], Path::new("/etc")), None);
    }

    /// /dev's tmpfs holds nothing, another one may.
    #[test]
    fn storage() {
        let tmpfs = |point: &str| Mount::parse(format!("1 0 0:1 / {point} rw - tmpfs tmpfs rw").as_bytes()).unwrap();
        assert!(tmpfs("/old/dev/shm").is_without_storage(Path::new("/old/dev")));
        assert!(!tmpfs("/old/mnt").is_without_storage(Path::new("/old/dev")));
    }
}
