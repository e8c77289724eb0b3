//! Another suite's scanner is process 1: the boot gets to its login all the same, and the stop is as clean and loses no line.

use std::fs;

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::{log_whole, support};

/// What a default build of s6 calls its supervise, and how the one that Debian builds has it.
const S6: (&[u8], &[u8]) = (b"s6-supervise\0", b"/usr/bin/s6-supervise\0");

/// What cannot be done is refused before anything is stopped.
const NO_SOFT_REBOOT: &str = "\
reboot --soft 2>&1 | grep -qx \"reboot: error: unable to soft-reboot: process 1 is another suite's scanner\" &&
    test ! -e /run/sunup/stage3.lock";

/// A unit that writes once, and the logger of it, which reads that only when everyone else has ended.
const LATE: &str = "\
description: Writes once
kind: longrun
needs: [local]
run: echo late; exec sleep 1000
";
const LATE_LOGGER: &str = "\
#!/bin/sh
case \"$*\" in
*/late) until grep -q 'stage3: other processes ended' /run/sunup/boot.log; do sleep 0.1; done ;;
esac
exec /usr/lib/sunup/bin/svlog.real \"$@\"
";
/// How long the loggers may take, in ms, unless one of them does not end.
const LATE_MILLISECONDS: u64 = 10_000;

/// A root in which this scanner is asked for, and installed as this program; a service writes when it is told to end.
fn layer(word: &str, path: &str, program: &[u8]) -> Layer {
    let svlog = fs::read(tests::programs::built().join("svlog")).expect("the real logger");
    let settings = format!("scanner: {word}\n");
    let layer = Layer::new().program(path, program).file("/etc/sunup/sunup.yaml", &settings);
    let layer = layer.unit("chatter", log_whole::CHATTER).unit("late", LATE);
    layer.program("/usr/lib/sunup/bin/svlog.real", &svlog).file("/usr/lib/sunup/bin/svlog", LATE_LOGGER)
}

fn program(path: &str) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Boots; has a look at what the scanner makes of a service; attempts what would end process 1; stops, and waits for a logger
/// that is late no longer than that takes.
fn boots_and_stops(layer: &Layer, scanner: &str, attempts: &[&str], stop: &str) {
    let mut guest = Namespace::boot(layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    support::assert_default_up(&mut guest.console, COMMAND);
    // Its supervises are ours, and services hear nothing of what they were told, nor of the signals that it must not get.
    let seen =
        "readlink /proc/1/exe; od -An -c -j20 -N3 /run/sunup/service/cron/supervise/status; env | grep -c SUPERVISE_
        grep -h SigBlk /proc/$(/usr/lib/sunup/bin/svstat -o pid /run/sunup/service/cron)/status";
    let expected = format!("{scanner}\n   s   u   n\n0\nSigBlk:\t0000000000000000\n");
    assert_eq!(guest.console.ok(seen, COMMAND), expected);
    guest.console.ok("sunup restart cron && sunup status cron", COMMAND);
    for attempt in attempts {
        guest.console.ok(&format!("{attempt} && sunup status cron"), COMMAND);
    }
    assert_eq!(guest.console.ok("readlink /proc/1/exe", COMMAND), format!("{scanner}\n"));
    guest.console.send(&format!("{stop}\n"));
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
    let seen = guest.console.seen();
    guest.console.assert_clean_stop();
    log_whole::assert_whole(&guest);
    assert!(guest.read("/var/log/sunup/late/current").ends_with(" late\n"));
    assert!(support::milliseconds(&seen, "stage3: loggers drained and ended") < LATE_MILLISECONDS);
}

/// daemontools' svscan, which is told nothing and looks every five seconds.
#[test]
fn daemontools() {
    if support::can_boot_namespaces() {
        boots_and_stops(
            &layer("daemontools", "/usr/bin/svscan", &program("/usr/bin/svscan")),
            "/usr/bin/svscan",
            &[NO_SOFT_REBOOT],
            "poweroff",
        );
    }
}

/// runsvdir, which looks every five seconds, and leaves loggers to runsv.
#[test]
fn runit() {
    if support::can_boot_namespaces() {
        let layer = layer("runit", "/usr/bin/runsvdir", &program("/usr/bin/runsvdir"));
        boots_and_stops(&layer, "/usr/bin/runsvdir", &["kill -TERM 1", "kill -HUP 1", NO_SOFT_REBOOT], "poweroff");
    }
}

/// A root in which s6-svscan of a default build is asked for: Debian's, but for the name of its supervise.
fn s6_layer() -> Layer {
    let mut scanner = program("/usr/bin/s6-svscan");
    let at = scanner.windows(S6.1.len()).position(|window| window == S6.1).expect("Debian's supervise");
    scanner[at..at + S6.0.len()].copy_from_slice(S6.0);
    let libraries = "/usr/lib/x86_64-linux-gnu/libskarnet.so.2.13";
    layer("s6", "/usr/bin/s6-svscan", &scanner).program(libraries, &program(libraries))
}

/// s6-svscan, which is told to look, and answers signals as ours does: in a container TERM stops it.
#[test]
fn s6() {
    if support::can_boot_namespaces() {
        boots_and_stops(
            &s6_layer(),
            "/usr/bin/s6-svscan",
            &["kill -QUIT 1", "kill -WINCH 1", NO_SOFT_REBOOT],
            "kill -TERM 1",
        );
    }
}

/// When s6-svscan ends, process 1 is ours: no service notices, and everything goes on, to a stop that loses no line.
#[test]
fn s6_ends() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = s6_layer();
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let pids =
        "for name in cron chatter chatter/log; do /usr/lib/sunup/bin/svstat -o pid /run/sunup/service/$name; done";
    let before = guest.console.ok(pids, COMMAND);
    let end = "printf b >/run/sunup/scan/.s6-svscan/control
        until test $(readlink /proc/1/exe) = /run/sunup/bin/svscan; do sleep 0.1; done";
    guest.console.ok(end, COMMAND);
    assert_eq!(guest.console.ok(pids, COMMAND), before);
    guest.console.ok("sunup restart cron && sunup status cron", COMMAND);
    guest.console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
    log_whole::assert_whole(&guest);
}

/// Where reboot(2) is not allowed, s6-svscan is told to end, and process 1 exits with 0 once everything has stopped.
#[test]
fn s6_without_reboot() {
    if !support::can_boot_namespaces() {
        return;
    }
    let init = "#!/bin/sh\nexec setpriv --bounding-set=-sys_boot /usr/lib/sunup/bin/init \"$@\"\n";
    let layer = s6_layer().file("/usr/sbin/init", init);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    assert_eq!(guest.console.ok("readlink /proc/1/exe", COMMAND), "/usr/bin/s6-svscan\n");
    guest.console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::Other("exit 0".to_owned()), "{}", guest.console.tail());
    guest.console.assert_clean_stop();
    log_whole::assert_whole(&guest);
}

/// Debian's own runs its own supervise, so ours is process 1, and the boot says why.
#[test]
fn s6_of_debian() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = layer("s6", "/usr/bin/s6-svscan", &program("/usr/bin/s6-svscan"));
    let mut guest = Namespace::boot(&layer);
    let why = "it runs its own s6-supervise, whatever PATH is (svscan is used)";
    guest.console.expect(&format!("unable to run the scanner of s6: {why}"), BOOT);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    assert_eq!(guest.console.ok("readlink /proc/1/exe", COMMAND), "/run/sunup/bin/svscan\n");
}
