//! `unmount-network`: what is mounted over the network goes while the network is there. Without its server such a
//! filesystem would hold up the stop until its own deadline.

use nix::mount::{MntFlags, umount2};

use super::error::Trying;
use super::failures::Failures;
use super::mount_table::Mounted;
use super::root::Root;
use super::{StepError, fstab, mount, mount_table};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let entries = fstab::read(root)?;
    let named: Vec<&str> = entries.iter().filter(|e| mount::is_network(e)).map(|e| e.target.as_str()).collect();
    let mounts = mount_table::read()?;
    let mut failures = Failures::default();
    for target in targets(&mounts, &named) {
        if root.does(format_args!("unmount {target}")) {
            let gone = umount2(target, MntFlags::UMOUNT_NOFOLLOW);
            failures.note(gone.trying(format_args!("unmount {target}")));
        }
    }
    failures.finish()
}

/// What goes, the last mounted first. / stays, whatever it is on: process 1 runs from it.
fn targets<'a>(mounts: &'a [Mounted], named: &[&str]) -> Vec<&'a str> {
    let is_due = |mount: &&Mounted| mount::is_network_kind(&mount.kind) || named.contains(&mount.target.as_str());
    let due = mounts.iter().rev().filter(is_due).map(|mount| mount.target.as_str());
    due.filter(|target| *target != "/").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its type or by what fstab says of it; never the root.
    #[test]
    fn which_and_in_which_order() {
        let mounts = mount_table::parse(
            "1 0 0:1 / / rw - nfs4 server:/root rw\n2 1 0:2 / /home rw - nfs4 server:/home rw\n\
             3 1 0:3 / /disk rw - ext4 /dev/sda rw\n4 2 0:4 / /home/me rw - fuse.sshfs me@there: rw\n\
             5 1 0:5 / /far rw - ext4 /dev/nbd0 rw\n",
        );
        assert_eq!(targets(&mounts, &["/far"]), ["/far", "/home/me", "/home"]);
    }
}
