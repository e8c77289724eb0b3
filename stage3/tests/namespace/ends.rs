//! The ways in which process 1 ends, or goes on, once the system has stopped; and one in which it ends before.

use crate::cases::{SIGHUP, SIGINT};
use crate::play::{As, play, play_under};
use crate::role::{AGAIN, INITRAMFS};

/// A container that may not call reboot(2) ends all the same: process 1 becomes a program that exits with 0.
pub fn refused_reboot(who: As) {
    let outcome = play_under(who, &["setpriv", "--bounding-set=-sys_boot", "--"], "real");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!((outcome.signal, outcome.code), (None, Some(0)));
}

/// Where the run directory has become the root it is still found by its name. Seen after the end of a container that may not
/// call reboot(2).
pub fn name_of_the_root(who: As) {
    let outcome = play_under(who, &["setpriv", "--bounding-set=-sys_boot", "--"], "poweroff+engine+after");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!((outcome.signal, outcome.code), (None, Some(AGAIN.into())));
}

/// Everything stops but the kernel, and process 1 becomes stage 1 without the run directory of before.
pub fn soft_reboot(who: As) {
    let outcome = play(who, "real+soft");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!((outcome.signal, outcome.code), (None, Some(AGAIN.into())));
    assert!(!outcome.console.contains("moved to the run directory"), "{}", outcome.console);
}

/// An initramfs that left its program ends the machine: process 1 becomes it once everything else is unmounted.
pub fn initramfs(who: As) {
    let outcome = play(who, "real+initramfs");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!((outcome.signal, outcome.code), (None, Some(INITRAMFS.into())));
}

/// A process 1 that hears what it is to become, and stays what it is, does not keep the machine up: the kernel is told to end it.
/// There is not more time for that than whoever waits for the container gives.
pub fn stays_a_scanner(who: As) {
    let outcome = play_under(who, &["env", "SUNUP_GRACE=1"], "poweroff+engine+initramfs");
    assert_eq!(outcome.last(), "unable to return to the initramfs: process 1 does not become what it is told to");
    assert!(outcome.console.contains("clean stop: 0 processes, 0 mounts left\n"), "{}", outcome.console);
    assert_eq!(outcome.signal, Some(SIGINT));
}

/// `-f` ends the system at once, though another stop hangs.
pub fn forced(who: As) {
    for (verb, signal) in [("poweroff", SIGINT), ("reboot", SIGHUP)] {
        let outcome = play(who, &format!("{verb}+silent+force"));
        assert_eq!((outcome.console.as_str(), outcome.signal), ("", Some(signal)));
    }
}
