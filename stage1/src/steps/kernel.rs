//! The kernel's other filesystems, those that exist, and only where the kernel is ours.

use std::path::Path;

use nix::mount::MsFlags;

use crate::boot::{self, Boot};
use crate::failure::Failure;
use crate::mounts::{self, Filesystem};

/// Kind, mount point, options.
const FILESYSTEMS: [(&str, &str, &str); 8] = [
    ("securityfs", "/sys/kernel/security", ""),
    ("efivarfs", "/sys/firmware/efi/efivars", ""),
    ("pstore", "/sys/fs/pstore", ""),
    ("bpf", "/sys/fs/bpf", "mode=0700"),
    ("configfs", "/sys/kernel/config", ""),
    ("debugfs", "/sys/kernel/debug", ""),
    ("tracefs", "/sys/kernel/tracing", ""),
    ("fusectl", "/sys/fs/fuse/connections", ""),
];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    if !boot::is_first() {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    for (kind, target, options) in FILESYSTEMS {
        // The kernel makes the directory where the filesystem makes sense (no EFI, no efivars).
        let filesystem = Filesystem { kind, target, flags, options: &[options] };
        if mounts::is_known(kind)
            && Path::new(target).is_dir()
            && let Err(failure) = filesystem.mount()
        {
            boot.report.failure(&failure);
        }
    }
    Ok(())
}
