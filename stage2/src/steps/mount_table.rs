//! What is mounted, from mountinfo.

use std::fs;

use super::StepError;
use super::error::Trying;
use super::fstab::decode;

/// One mount, as far as steps ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Where.
    pub(super) target: String,
    /// Type of the filesystem.
    pub(super) kind: String,
    /// Of this mount: `rw,nosuid,…`.
    pub(super) options: String,
    /// The device or name.
    pub(super) source: String,
    /// Of the filesystem: `rw,size=…`.
    pub(super) super_options: String,
}

impl Mounted {
    /// True if files can be written as far as mount and filesystem go.
    pub(super) fn is_writable(&self) -> bool {
        [&self.options, &self.super_options].into_iter().all(|o| o.split(',').any(|word| word == "rw"))
    }

    fn parse(line: &str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(4);
        let mut filesystem = filesystem.split(' ');
        Some(Self {
            target: decode(mount.next()?),
            options: mount.next()?.to_owned(),
            kind: filesystem.next()?.to_owned(),
            source: decode(filesystem.next()?),
            super_options: filesystem.next()?.to_owned(),
        })
    }
}

/// Everything mounted, in the order of mounting.
pub(super) fn read() -> Result<Vec<Mounted>, StepError> {
    let text = fs::read("/proc/self/mountinfo").trying("read /proc/self/mountinfo")?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// What one sees at `target`: the last mount there.
pub(super) fn at<'a>(mounts: &'a [Mounted], target: &str) -> Option<&'a Mounted> {
    mounts.iter().rev().find(|mount| mount.target == target)
}

pub(super) fn parse(text: &str) -> Vec<Mounted> {
    text.lines().filter_map(Mounted::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Optional fields do not shift the others; a filesystem that is read-only is, however it is mounted.
    #[test]
    fn mountinfo() {
        let mounts = parse(
            "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root ro\n\
             28 27 0:5 / /a\\040b rw - tmpfs none rw,size=4k\n28 27 0:6 / /a\\040b ro - tmpfs two rw\n",
        );
        assert!(!at(&mounts, "/").unwrap().is_writable());
        assert!(mounts[1].is_writable());
        assert_eq!(at(&mounts, "/a b").unwrap().source, "two");
        assert_eq!(at(&mounts, "/b"), None);
    }
}
