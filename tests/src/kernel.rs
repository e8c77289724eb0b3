//! The kernel that the machines boot: Debian's cloud kernel, unpacked and never installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root::remove_older;
use crate::{cache, command, packages};

/// A kernel, and what it is handed as its first root.
pub struct Kernel {
    /// The kernel's image.
    pub image: PathBuf,
    /// The initramfs; without it the kernel mounts the disk itself.
    pub initramfs: Option<PathBuf>,
}

impl Kernel {
    /// The kernel alone: NVMe, ext4 and the serial port are built in.
    pub fn plain() -> Self {
        Self { image: find(&unpacked().join("boot"), "vmlinuz-"), initramfs: None }
    }

    /// Where the modules of that kernel are: the directory below lib/modules.
    pub fn modules() -> PathBuf {
        find(&unpacked().join("lib/modules"), "")
    }

    /// One of the modules of the kernel alone, by its path below `kernel/`.
    pub fn module(path: &str) -> PathBuf {
        let directory =
            Self::plain().image.parent().and_then(Path::parent).expect("the kernel's directory").join("lib/modules");
        find(&directory, "").join("kernel").join(path)
    }

    /// The kernel with the initramfs that Debian's initramfs-tools make for it, both from a root of their own.
    pub fn with_initramfs() -> Self {
        let directory = cache::once(&format!("initramfs-{}", cache::today()), |path| {
            remove_older("initramfs-");
            fs::create_dir(path).expect("a directory for the initramfs");
            let included = "--include=udev,kmod,e2fsprogs,initramfs-tools,linux-image-cloud-amd64";
            command::run(
                packages::bootstrap()
                    .args(["--format=tar", included])
                    .arg(format!(
                        "--customize-hook=cp \"$1\"/boot/vmlinuz-* \"$1\"/boot/initrd.img-* {}",
                        path.display()
                    ))
                    .args(["bookworm", "/dev/null"]),
            );
        });
        Self { image: find(&directory, "vmlinuz-"), initramfs: Some(find(&directory, "initrd.img-")) }
    }
}

/// The cloud kernel's package, unpacked once a day.
fn unpacked() -> PathBuf {
    cache::once(&format!("kernel-{}", cache::today()), |path| {
        remove_older("kernel-");
        packages::unpack(&[packages::meant_by("linux-image-cloud-amd64")], path);
    })
}

/// The one file in the directory whose name starts so.
fn find(directory: &Path, prefix: &str) -> PathBuf {
    let mut entries = fs::read_dir(directory).expect("the kernel's directory").filter_map(Result::ok);
    let entry = entries.find(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    entry.unwrap_or_else(|| panic!("no {prefix}* in {}", directory.display())).path()
}
