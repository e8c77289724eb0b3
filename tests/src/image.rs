//! A disk with an ext4 filesystem made of the installed root and a test's layers, without mounting anything on the host.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Layer, cache, command, root};

/// A raw disk image. Removed when dropped.
pub struct Image {
    directory: TempDir,
}

impl Image {
    /// A disk with the installed root under the layer.
    pub fn new(layer: &Layer) -> Self {
        let installed = root::installed();
        let directory = TempDir::with_prefix_in("image-", cache::directory()).expect("a temporary directory");
        let image = Self { directory };
        let script = "mount -t overlay -o \"lowerdir=$1:$2\" overlay /mnt && \
                      mkfs.ext4 -q -F -U \"$4\" -d /mnt \"$3\" 1200M";
        command::run(
            command::words(&["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"])
                .args([layer.path(), &installed, &image.path()])
                .arg(root::UUID),
        );
        image
    }

    /// The image file.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("disk.img")
    }

    /// Fails unless the filesystem was unmounted cleanly and has no fault. After a power cut the ext4 feature
    /// `needs_recovery` is the only sign: the state still says "clean".
    pub fn assert_clean(&self) {
        let header = command::run(command::words(&["dumpe2fs", "-h"]).arg(self.path()));
        let features = header.lines().find(|line| line.starts_with("Filesystem features:")).expect("the features");
        assert!(!features.contains("needs_recovery"), "the disk was not unmounted: {features}");
        command::run(command::words(&["e2fsck", "-fn"]).arg(self.path()));
    }

    /// What a file on the disk holds.
    pub fn read(&self, path: &str) -> String {
        command::run(command::words(&["debugfs", "-R", &format!("cat {path}")]).arg(self.path()))
    }

    /// Keeps the image under this path.
    pub fn keep(&self, path: &Path) {
        std::fs::rename(self.path(), path).expect("the image kept");
    }
}
