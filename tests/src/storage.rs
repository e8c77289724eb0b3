//! What a guest needs for storage that is made of other storage or lies on the network, and for starting another kernel or
//! going back to dracut's initramfs: the kernel's modules, which its disk alone has, and the tools; and the judgement of filesystems that lie inside of files.

use std::path::{Path, PathBuf};

use crate::root::remove_older;
use crate::{Kernel, cache, command, packages, root};

/// Tools, and the libraries that the base root lacks.
const PACKAGES: [&str; 22] = [
    "cpio",
    "dmsetup",
    "dracut-core",
    "kexec-tools",
    "libaio1",
    "libdevmapper-event1.02.1",
    "libdevmapper1.02.1",
    "libedit2",
    "libnfsidmap1",
    "libxencall1",
    "libxendevicemodel1",
    "libxenevtchn1",
    "libxenforeignmemory1",
    "libxengnttab1",
    "libxenmisc4.17",
    "libxentoolcore1",
    "libxentoollog1",
    "lvm2",
    "mdadm",
    "netbase",
    "nfs-common",
    "nfs-kernel-server",
];
/// What is taken of the kernel's modules.
const MODULES: [&str; 13] = [
    "crypto",
    "drivers/block/loop.ko",
    "drivers/md",
    "fs/fscache",
    "fs/lockd",
    "fs/netfs",
    "fs/nfs",
    "fs/nfs_common",
    "fs/nfsd",
    "fs/overlayfs",
    "lib",
    "net/dns_resolver",
    "net/sunrpc",
];

/// A directory with modules and tools, to be laid over a root. Made once a day.
pub fn tools() -> PathBuf {
    cache::once(&format!("storage-{}", cache::today()), |path| {
        remove_older("storage-");
        packages::unpack(&PACKAGES.map(str::to_owned), path);
        copy_modules(&Kernel::modules(), path);
        // In the root these are links into /usr, which directories would hide.
        let merge =
            "cd \"$1\"; for name in bin lib sbin; do mkdir -p usr/$name; cp -a $name/. usr/$name; rm -r $name; done";
        command::run(command::words(&["sh", "-ec", merge, "sh"]).arg(path));
    })
}

/// With the list of what needs what, which the root's own depmod makes.
fn copy_modules(modules: &Path, path: &Path) {
    let script = "
        modules=$1 path=$2 root=$3 version=${1##*/}; shift 3
        target=$path/lib/modules/$version; mkdir -p \"$target/kernel\"
        cp \"$modules\"/modules.builtin* \"$modules/modules.order\" \"$target\"
        cd \"$modules/kernel\"; cp -a --parents \"$@\" \"$target/kernel\"
        mount --bind \"$path\" \"$root/mnt\"; chroot \"$root\" depmod -b /mnt \"$version\"";
    let mut copy = command::words(&["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"]);
    command::run(copy.args([modules, path, &root::debian()]).args(MODULES));
}

/// Takes a file out of a filesystem in a file.
pub fn take_out(image: &Path, file: &str, to: &Path) {
    command::run(command::words(&["debugfs", "-R", &format!("dump {file} {}", to.display())]).arg(image));
    assert!(to.metadata().is_ok_and(|file| file.len() > 0), "{} holds no {file}", image.display());
}

/// Fails unless the ext4 filesystem, with which the file begins, was unmounted cleanly and has no fault. After a power cut the
/// feature `needs_recovery` is the only sign: the state still says "clean".
pub fn assert_unmounted(image: &Path) {
    let header = command::run(command::words(&["dumpe2fs", "-h"]).arg(image));
    let features = header.lines().find(|line| line.starts_with("Filesystem features:")).expect("the features");
    assert!(!features.contains("needs_recovery"), "{} was not unmounted: {features}", image.display());
    command::run(command::words(&["e2fsck", "-fn"]).arg(image));
}
