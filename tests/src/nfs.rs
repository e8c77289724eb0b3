//! A server of NFS and its client on one machine, over the loopback interface.

use crate::{Layer, root, storage};

/// Where it is mounted, as fstab says.
pub const SHARED: &str = "/mnt/shared";
/// Where that is on the disk.
pub const STORED: &str = "/srv/shared";

/// The server, before whoever mounts.
const SERVER: &str = "\
kind: oneshot
needs: [loopback, modules, local]
before: [network-mounts]
start: |
  mkdir -p /srv/shared
  mount -t nfsd nfsd /proc/fs/nfsd
  exportfs -a
  rpc.mountd --no-nfs-version 3
  rpc.nfsd --no-nfs-version 3 1
  # Nobody has anything to reclaim from an earlier server.
  echo Y >/proc/fs/nfsd/v4_end_grace
stop: |
  rpc.nfsd 0
  kill $(pidof rpc.mountd)
  exec umount /proc/fs/nfsd
";
/// What it gives to whom.
const EXPORTS: &str = "/srv/shared 127.0.0.1(rw,no_root_squash,no_subtree_check,insecure,fsid=0)\n";

/// Adds them; the tools and modules come with those for [`storage`].
#[must_use]
pub fn add(layer: Layer) -> Layer {
    let disk = format!("UUID={} / ext4 errors=remount-ro 0 1", root::UUID);
    let layer = layer.tree(&storage::tools()).unit("server", SERVER).file("/etc/exports", EXPORTS);
    let layer = layer.file("/etc/fstab", &format!("{disk}\n127.0.0.1:/ {SHARED} nfs vers=4.2 0 0\n"));
    layer.file("/etc/modules-load.d/nfs.conf", "nfs\nnfsd\n").file(&format!("{SHARED}/.mounted-here"), "")
}
