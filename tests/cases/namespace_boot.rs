//! The same root boots in namespaces to the login prompt, and whoever started it sees how it ended.

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::support;

fn ends(command: &str, expected: &End) {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new();
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    support::assert_default_up(&mut guest.console, COMMAND);
    guest.console.send(&format!("{command}\n"));
    let end = guest.expect_end(STOP);
    assert_eq!(&end, expected, "{}", guest.console.tail());
    assert!(guest.console.seen().contains("clean stop: 0 processes, 0 mounts left"), "{}", guest.console.tail());
}

/// The parent of process 1 sees SIGINT after `poweroff`.
#[test]
fn poweroff_is_seen() {
    ends("poweroff", &End::PowerOff);
}

/// It sees SIGHUP after `reboot`.
#[test]
fn reboot_is_seen() {
    ends("reboot", &End::Restart);
}

/// `halt` looks like a power-off to the parent.
#[test]
fn halt_is_seen() {
    ends("halt", &End::PowerOff);
}

/// `shutdown -r now` is `reboot`.
#[test]
fn shutdown_restarts() {
    ends("shutdown -r now", &End::Restart);
}
