//! Another suite's scanner is process 1: the boot gets to its login all the same, and the stop is as clean.

use std::fs;

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::support;

/// daemontools' svscan, which is told nothing and looks every five seconds.
#[test]
fn daemontools() {
    if !support::can_boot_namespaces() {
        return;
    }
    let svscan = fs::read("/usr/bin/svscan").expect("daemontools is installed");
    let layer =
        Layer::new().program("/usr/bin/svscan", &svscan).file("/etc/sunup/sunup.yaml", "scanner: daemontools\n");
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    support::assert_default_up(&mut guest.console, COMMAND);
    // Its supervises are ours, and services hear nothing of what they were told.
    let seen = "readlink /proc/1/exe; od -An -c -j20 -N3 /run/sunup/service/cron/supervise/status; env | grep -c SUPERVISE_; true";
    assert_eq!(guest.console.ok(seen, COMMAND), "/usr/bin/svscan\n   s   u   n\n0\n");
    guest.console.ok("sunup restart cron && sunup status cron", COMMAND);
    guest.console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
    assert!(guest.console.seen().contains("clean stop: 0 processes, 0 mounts left"), "{}", guest.console.tail());
}
