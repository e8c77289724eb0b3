//! The log is whole: nothing that a service writes is lost while the system stops, and the stop restarts nothing.

use std::fs;

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace, writers};

use crate::support;

/// Lines that the service writes once it is told to end.
const LINES: usize = 10_000;

/// A unit that writes while the system stops.
pub const CHATTER: &str = "\
description: Writes while the system stops
kind: longrun
needs: [local]
run: |
  trap 'seq -f \"line %.0f\" 10000; exit 0' TERM
  echo chatter begins
  while :; do sleep 1000 & wait $! || :; done
stop-timeout: 60s
";
/// Notes every start of a supervise that the scanner makes, then is that supervise.
const NOTING: &str = "\
#!/bin/sh
echo \"$*\" >>/var/log/supervise-starts
exec /usr/lib/sunup/bin/supervise.real \"$@\"
";

/// Every numbered line is on disk, from the service's first to its last.
#[test]
fn no_line_is_lost_while_the_system_stops() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new().unit("chatter", CHATTER);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let first = guest.console.ok("head -n 1 /run/sunup/boot.log", COMMAND);
    assert!(first.contains("stage 1 begins"), "the boot log begins with stage 1: {first}");
    guest.console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());

    assert_whole(&guest);
}

/// The log of [`CHATTER`] is whole.
pub fn assert_whole(guest: &Namespace) {
    let text = writers::text(&guest.written("/var/log/sunup/chatter"));
    assert!(text.contains("chatter begins"), "the log begins with {:?}", text.lines().next());
    let numbers: Vec<usize> = text.lines().filter_map(|line| line.rsplit_once("line ")?.1.parse().ok()).collect();
    assert_eq!(numbers, (1..=LINES).collect::<Vec<_>>());
}

/// The scanner starts no supervise once the stop has begun.
#[test]
fn the_stop_restarts_no_supervise() {
    if !support::can_boot_namespaces() {
        return;
    }
    let real = fs::read(tests::programs::built().join("supervise")).expect("the real supervise");
    let layer =
        Layer::new().program("/usr/lib/sunup/bin/supervise.real", &real).file("/usr/lib/sunup/bin/supervise", NOTING);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let before = guest.console.ok("cat /var/log/supervise-starts", COMMAND);
    assert!(before.lines().count() > 5, "the scanner starts supervises: {before:?}");
    guest.console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
    assert_eq!(guest.read("/var/log/supervise-starts"), before);
}
