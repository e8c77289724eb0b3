//! `unmount-network`: what is mounted over the network goes while the network is there. Without its server such a
//! filesystem would hold up the stop until its own deadline.
//!
//! One whose server does not answer keeps no other one from going: each is waited for only a moment before the next one's
//! turn, and all of them together at the end, until the unit's own deadline. Nothing is forced, because a server that is
//! slow would lose what was written.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use supervisor::namespace::Namespace;

use super::error::Trying;
use super::failures::Failures;
use super::mount_table::Mounted;
use super::root::Root;
use super::say::warn;
use super::{StepError, fstab, guard, mount, mount_table};

/// How long one is waited for before the next one's turn.
const TURN: Duration = Duration::from_secs(2);

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let entries = fstab::read(root)?;
    let named: Vec<&str> = entries.iter().filter(|e| mount::is_network(e)).map(|e| e.target.as_str()).collect();
    let mounts = mount_table::read()?;
    let mut targets = targets(&mounts, &named);
    if !targets.is_empty() {
        guard::own(Namespace::Mounts)?;
    }
    targets.retain(|target| root.does(format_args!("unmount {target}")));
    each(&targets, TURN, |target| umount2(target, MntFlags::UMOUNT_NOFOLLOW))
}

/// Unmounts one after the other; who does not answer within a turn goes on beside the next.
fn each(
    targets: &[&str],
    turn: Duration,
    unmount: impl Fn(&str) -> Result<(), Errno> + Send + Copy,
) -> Result<(), StepError> {
    let mut failures = Failures::default();
    let mut note = |of: &str, gone: Result<(), Errno>| failures.note(gone.trying(format_args!("unmount {of}")));
    thread::scope(|scope| {
        let (told, tells) = mpsc::channel();
        for &target in targets {
            let told = told.clone();
            let work = move || told.send((target, unmount(target))).is_ok();
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                note(target, unmount(target));
                continue;
            }
            let mut answered = false;
            while !answered && let Ok((of, gone)) = tells.recv_timeout(turn) {
                answered = of == target;
                note(of, gone);
            }
            if !answered {
                warn(&format_args!("{target} does not answer; going on beside it"));
            }
        }
        drop(told);
        tells.iter().for_each(|(of, gone)| note(of, gone));
    });
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
    use std::sync::Mutex;

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

    /// One that hangs costs the others a turn, in their order, and is heard in the end; a failure is named.
    #[test]
    fn one_hangs() {
        let (release, held) = mpsc::channel();
        let (held, log) = (Mutex::new(held), Mutex::new(Vec::new()));
        let unmount = |target: &str| {
            if target == "/dead" {
                held.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
            }
            log.lock().unwrap().push(target.to_owned());
            if target == "/last" {
                release.send(()).unwrap();
            }
            if target == "/busy" { Err(Errno::EBUSY) } else { Ok(()) }
        };
        let answer = each(&["/a/b", "/a", "/dead", "/busy", "/last"], Duration::from_millis(50), unmount);
        assert_eq!(answer.unwrap_err().to_string(), "unable to unmount /busy: Device or resource busy");
        assert_eq!(log.into_inner().unwrap(), ["/a/b", "/a", "/busy", "/last", "/dead"]);
    }
}
