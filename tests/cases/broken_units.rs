//! Boot always reaches a login: whatever is wrong with a unit costs that unit only, and the operator is told why.

use tests::namespace::{BOOT, COMMAND};
use tests::{Layer, Namespace};

use crate::support;

const ABSENT: &str = "description: Has no command\nkind: longrun\nneeds: [local]\nrun: [/no/such, --at-all]\n";
const SILENT: &str = "\
description: Never says that it is ready
kind: longrun
needs: [local]
run: [/bin/sleep, \"1000\"]
ready: {fd: 3}
start-timeout: 3s
";
const GARBLED: &str = "description: Not quite YAML\nkind: longrun\nrun: [/bin/sleep, \"1000\"\nneeds: [local]\n";
const DEPENDENT: &str = "description: Needs what fails\nkind: oneshot\nneeds: [absent]\nstart: [/bin/true]\n";

fn ring(next: &str) -> String {
    format!("description: Part of a ring\nkind: oneshot\nneeds: [{next}]\nstart: [/bin/true]\n")
}

/// A command that does not exist, a service that never gets ready, a file that is no YAML, and a cycle.
#[test]
fn broken_units_cost_only_themselves() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new()
        .unit("absent", ABSENT)
        .unit("silent", SILENT)
        .unit("garbled", GARBLED)
        .unit("dependent", DEPENDENT)
        .unit("ring-a", &ring("ring-b"))
        .unit("ring-b", &ring("ring-a"));
    let mut guest = Namespace::boot(&layer);
    let console = &mut guest.console;
    support::log_in(console, BOOT, COMMAND);

    let status = support::status(console, COMMAND);
    let log = console.ok("cat /run/sunup/boot.log", COMMAND);
    for (unit, reason) in [
        ("absent", "No such file or directory"),
        ("silent", "not ready after 3 s"),
        ("garbled", "garbled.yaml:"),
        ("dependent", "absent"),
        ("ring-", "cycle"),
    ] {
        let named = log.lines().any(|line| line.contains(unit) && line.contains(reason));
        assert!(named, "boot.log does not say {reason:?} of {unit}:\n{log}");
    }
    for unit in ["absent", "silent", "dependent"] {
        assert_eq!(status[unit]["state"], "failed", "{unit}: {}\n{log}", status[unit]);
        assert!(status[unit]["reason"].is_string(), "{unit}: {}", status[unit]);
        assert_eq!(console.run(&format!("sunup status {unit}"), COMMAND).code, 1, "{unit}");
    }
    assert_ne!(console.run("sunup status garbled", COMMAND).code, 0);
    assert_eq!(console.run("sunup status nginx", COMMAND).code, 0);
    assert_eq!(console.run("sunup status no-such-unit", COMMAND).code, 100);
    assert_eq!(console.run("sunup check", COMMAND).code, 1);
    for unit in support::ALWAYS_UP {
        assert_eq!(status[unit]["state"], "up", "{unit}: {}\n{log}", status[unit]);
    }
}
