//! What is mounted, and mounting.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::MsFlags;
use supervisor::octal::decode;
use supervisor::sys::capability;

use crate::failure::{Failure, Trying};

/// A filesystem that the kernel makes up.
#[derive(Clone, Copy, Debug)]
pub struct Filesystem<'a> {
    /// The kernel's name for it.
    pub kind: &'a str,
    /// Where it goes.
    pub target: &'a str,
    /// MS_ flags.
    pub flags: MsFlags,
    /// Options, the best first; each further one is tried where the one before is refused.
    pub options: &'a [&'a str],
}

impl Filesystem<'_> {
    /// Mounts it unless something is mounted there, and makes the mount point if that is missing. Where we may not mount
    /// at all, whoever made the container has mounted what it is to have.
    pub fn mount(&self) -> Result<(), Failure> {
        if is_mount_point(self.target) || !may_mount() {
            return Ok(());
        }
        // Some mount points (below /sys) cannot be made, only be there: mount(2) says what is wrong.
        let _ = fs::create_dir_all(self.target);
        let mut result = Err(Errno::EINVAL);
        for options in self.options {
            result = mount(self.kind, self.target, self.flags, options);
            if result.is_ok() {
                break;
            }
        }
        result.trying(format_args!("mount {}", self.target))
    }
}

/// mount(2) of a filesystem without a device.
pub fn mount(kind: &str, target: &str, flags: MsFlags, options: &str) -> Result<(), Errno> {
    nix::mount::mount(Some(kind), target, Some(kind), flags, Some(options))
}

/// Shows `source` at `target` as well.
pub fn bind(source: &str, target: &str) -> Result<(), Errno> {
    nix::mount::mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

/// Shows a directory or file read-only from here on, for this mount namespace.
pub fn bind_read_only(path: &str) -> Result<(), Errno> {
    bind(path, path)?;
    // What the underlying mount forbids must stay forbidden, or a user namespace is refused.
    let kept = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | kept;
    nix::mount::mount(None::<&str>, path, None::<&str>, flags, None::<&str>)
}

/// True if something is mounted exactly there. Without /proc two directories' devices are compared.
pub fn is_mount_point(path: &str) -> bool {
    match fs::read("/proc/self/mountinfo") {
        Ok(text) => mount_points(&text).any(|point| point == path.as_bytes()),
        Err(_) => on_another_device(Path::new(path)),
    }
}

fn on_another_device(path: &Path) -> bool {
    let parent = path.parent().unwrap_or(path);
    match (fs::metadata(path), fs::metadata(parent)) {
        (Ok(here), Ok(above)) => here.dev() != above.dev(),
        _ => false,
    }
}

/// The fifth field of every line of mountinfo, decoded.
fn mount_points(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let points = text.split(|&b| b == b'\n').filter_map(|line| line.split(|&b| b == b' ').nth(4));
    points.map(|point| decode(point).collect())
}

/// False where we lack CAP_SYS_ADMIN, without which nothing can be mounted.
pub fn may_mount() -> bool {
    capability::is_effective(capability::SYS_ADMIN).unwrap_or(true)
}

/// True if the kernel knows a filesystem of this kind.
pub fn is_known(kind: &str) -> bool {
    let text = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    text.lines().any(|line| line.split('\t').next_back() == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mount points are decoded; optional fields and odd names do not shift the field.
    #[test]
    fn mountinfo() {
        let text = b"22 27 0:21 / /proc rw,relatime - proc proc rw\n\
            27 1 254:0 / / rw shared:1 master:2 - ext4 /dev/vda rw\n\
            40 27 0:9 / /mnt/a\\040b\\134c rw - tmpfs x rw\n";
        let points: Vec<_> = mount_points(text).collect();
        assert_eq!(points, [&b"/proc"[..], b"/", b"/mnt/a b\\c"]);
    }
}
