//! A disk with an ext4 filesystem made of the installed root and a test's layers, without mounting anything on the host.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Layer, cache, command, lvm, root, storage};

/// How large the filesystem is, in bytes.
const SIZE: u64 = 1200 << 20;

/// A raw disk image. Removed when dropped.
pub struct Image {
    directory: TempDir,
    /// Where on the disk the filesystem begins.
    begin: u64,
}

impl Image {
    /// A disk with the installed root under the layer.
    pub fn new(layer: &Layer) -> Self {
        Self::at(0, layer)
    }

    /// The same as the one volume of LVM on the disk, [`lvm::VOLUME`].
    pub fn on_lvm(layer: &Layer) -> Self {
        let image = Self::at(lvm::BEGIN, layer);
        lvm::describe(&image.path(), SIZE);
        image
    }

    fn at(begin: u64, layer: &Layer) -> Self {
        let installed = root::installed();
        let directory = TempDir::with_prefix_in("image-", cache::directory()).expect("a temporary directory");
        let image = Self { directory, begin };
        let script = "mount -t overlay -o \"lowerdir=$1:$2\" overlay /mnt && \
                      mkfs.ext4 -q -F -U \"$4\" -E \"offset=$5\" -d /mnt \"$3\" \"$6M\"";
        command::run(
            command::words(&["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"])
                .args([layer.path(), &installed, &image.path()])
                .args([root::UUID, &begin.to_string(), &(SIZE >> 20).to_string()]),
        );
        image
    }

    /// The image file.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("disk.img")
    }

    /// Fails unless the filesystem was unmounted cleanly and has no fault.
    pub fn assert_clean(&self) {
        storage::assert_unmounted(Path::new(&format!("{}?offset={}", self.path().display(), self.begin)));
    }

    /// Leaves a later check nothing to do: what an image is made with can be arranged better, which counts as a repair.
    pub fn arrange(&self) {
        let (code, said) = command::output(command::words(&["e2fsck", "-f", "-y"]).arg(self.path()));
        assert!(matches!(code, Some(0 | 1)), "the new filesystem cannot be arranged: {said}");
    }

    /// What a file on the disk holds.
    pub fn read(&self, path: &str) -> String {
        command::run(command::words(&["debugfs", "-R", &format!("cat {path}")]).arg(self.path()))
    }

    /// Copies a directory of the disk to the host.
    pub fn extract(&self, path: &str) -> TempDir {
        extract(&self.path(), &[path])
    }

    /// Copies directories as the next boot will find them: after a power cut, what the journal has is replayed, on a copy of
    /// the disk. Fails if the filesystem has a fault after that.
    pub fn extract_replayed(&self, paths: &[&str]) -> TempDir {
        let copy = self.directory.path().join("copy.img");
        command::run(command::words(&["cp", "--sparse=always", "--reflink=auto"]).arg(self.path()).arg(&copy));
        let (code, said) = command::output(command::words(&["e2fsck", "-E", "journal_only", "-y"]).arg(&copy));
        assert!(matches!(code, Some(0 | 1)), "the journal cannot be replayed: {said}");
        command::run(command::words(&["e2fsck", "-fn"]).arg(&copy));
        let directory = extract(&copy, paths);
        cache::remove(&copy);
        directory
    }

    /// Keeps the image under this path.
    pub fn keep(&self, path: &Path) {
        std::fs::rename(self.path(), path).expect("the image kept");
    }
}

/// What is below paths of a disk image, in a directory of the host's that holds each path's last component.
pub fn extract(image: &Path, paths: &[&str]) -> TempDir {
    let directory = TempDir::with_prefix_in("disk-", cache::directory()).expect("a temporary directory");
    let request = format!("rdump {} {}", paths.join(" "), directory.path().display());
    command::run(command::words(&["debugfs", "-R", &request]).arg(image));
    directory
}
