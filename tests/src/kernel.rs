//! The kernel that the machines boot: Debian's cloud kernel, unpacked and never installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root::remove_older;
use crate::{cache, command};

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
        let directory = cache::once(&format!("kernel-{}", cache::today()), |path| {
            remove_older("kernel-");
            fs::create_dir(path).expect("a directory for the kernel");
            if !download(path) {
                command::run(&mut command::words(&["apt-get", "update", "-q"]));
                assert!(download(path), "unable to download the cloud kernel");
            }
        });
        Self { image: find(&directory.join("boot"), "vmlinuz-"), initramfs: None }
    }

    /// The kernel with the initramfs that Debian's initramfs-tools make for it, both from a root of their own.
    pub fn with_initramfs() -> Self {
        let directory = cache::once(&format!("initramfs-{}", cache::today()), |path| {
            remove_older("initramfs-");
            fs::create_dir(path).expect("a directory for the initramfs");
            let packages = "--include=udev,kmod,e2fsprogs,initramfs-tools,linux-image-cloud-amd64";
            command::run(
                command::words(&["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", packages])
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

/// Downloads and unpacks the package that the meta package depends on; false if the package lists are too old.
fn download(path: &Path) -> bool {
    let (_, depends) = command::output(&mut command::words(&["apt-cache", "depends", "linux-image-cloud-amd64"]));
    let Some(package) = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: ")) else {
        return false;
    };
    let mut download = command::words(&["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package]);
    if command::output(download.current_dir(path)).0 != Some(0) {
        return false;
    }
    command::run(command::words(&["dpkg", "-x"]).arg(find(path, "linux-image-")).arg(path));
    true
}

/// The one file in the directory whose name starts so.
fn find(directory: &Path, prefix: &str) -> PathBuf {
    let mut entries = fs::read_dir(directory).expect("the kernel's directory").filter_map(Result::ok);
    let entry = entries.find(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    entry.unwrap_or_else(|| panic!("no {prefix}* in {}", directory.display())).path()
}
