//! What is meant by a name that no unit has.

use units::UnitSet;

/// Names of other suites lead to ours where there is one, and else to the reason why there is none.
#[test]
fn names_of_other_suites() {
    let edges = "after: [network.target, local-fs.target, dbus.socket, multi-user.target, shutdown.target, foo.timer, sys, x]\n";
    let set = UnitSet::from_texts(&[
        ("u/a.yaml", &format!("kind: milestone\n{edges}")),
        ("u/network.yaml", "kind: milestone\n"),
        ("u/mounts.yaml", "kind: milestone\n"),
        ("u/dbus.yaml", "kind: milestone\n"),
        ("u/sysctl.yaml", "kind: milestone\n"),
    ]);
    let said: Vec<String> = set.check().iter().map(|one| one.message.replace("there is no unit ", "")).collect();
    let expected = [
        "\"network.target\" (did you mean \"network\"?)",
        "\"local-fs.target\" (did you mean \"mounts\"?)",
        "\"dbus.socket\" (did you mean \"dbus\"?)",
        "\"multi-user.target\" (it is a bundle here, which nothing can be ordered by)",
        "\"shutdown.target\" (every unit stops before the machine does)",
        "\"foo.timer\" (nothing here is started by it)",
        "\"sys\" (did you mean \"sysctl\"?)",
        "\"x\"",
    ];
    assert_eq!(said, expected);
}
