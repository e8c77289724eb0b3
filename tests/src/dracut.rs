//! dracut's initramfs, made by dracut itself in the root that it is for. As in every initramfs of a system that has our programs,
//! the `poweroff` in there is ours.

use std::fs;

use tempfile::TempDir;

use crate::{Kernel, Layer, cache, command, root, storage};

/// What it is to hold.
const MODULES: &str = "bash base dm kernel-modules lvm rootfs-block shutdown udev-rules";
/// Makes it in the root `$3` with the tools `$1`, and writes nowhere but below `$2`. Our program goes without its symbols.
const MAKE: &str = r#"
    mkdir -p "$2/upper/usr/lib/sunup/bin" "$2/work"
    strip -o "$2/upper/usr/lib/sunup/bin/shutdown" "$3/usr/lib/sunup/bin/shutdown"
    mount -t overlay -o "lowerdir=$1:$3,upperdir=$2/upper,workdir=$2/work" overlay /mnt
    mount -t proc proc /mnt/proc
    mount -t tmpfs -o mode=755 tmpfs /mnt/dev
    ln -s /proc/self/fd /mnt/dev/fd
    for name in null zero urandom; do
        touch "/mnt/dev/$name"
        mount --bind "/dev/$name" "/mnt/dev/$name"
    done
    chroot /mnt dracut --quiet --no-hostonly --gzip --modules "$4" --filesystems ext4 /initramfs "$5"
    mv /mnt/initramfs "$2/initramfs"
"#;

/// An initramfs that finds the root on LVM. Removed when dropped.
pub struct Dracut {
    directory: TempDir,
}

impl Dracut {
    /// Has it made, which takes a while.
    pub fn new() -> Self {
        let directory = TempDir::with_prefix_in("dracut-", cache::directory()).expect("a temporary directory");
        let mut make = command::words(&["unshare", "--mount", "--pid", "--fork", "--propagation", "private"]);
        make.args(["sh", "-ec", MAKE, "sh"]).args([&storage::tools(), directory.path(), &root::installed()]);
        command::run(make.args([MODULES, &version()]));
        Self { directory }
    }

    /// The kernel that starts with it.
    pub fn kernel(&self) -> Kernel {
        Kernel { initramfs: Some(self.directory.path().join("initramfs")), ..Kernel::plain() }
    }

    /// Adds it where dracut looks for it at the end, with what it needs then, and the tools of LVM.
    #[must_use]
    pub fn add(&self, layer: Layer) -> Layer {
        let content = fs::read(self.directory.path().join("initramfs")).expect("the initramfs");
        layer.tree(&storage::tools()).program(&format!("/boot/initrd.img-{}", version()), &content)
    }
}

impl Default for Dracut {
    fn default() -> Self {
        Self::new()
    }
}

/// The kernel's, as it says it itself.
fn version() -> String {
    Kernel::modules().file_name().expect("a version").to_string_lossy().into_owned()
}
