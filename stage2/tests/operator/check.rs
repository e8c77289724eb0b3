//! `sunup check` of what is installed.

use crate::machine::Machine;

/// A unit of the administrator's that no bundle brings in, and a need that says nothing, are warnings; the cache that a
/// check leaves behind changes nothing of it.
#[test]
fn warnings() {
    let machine = Machine::new(&[
        ("local", "kind: milestone\n"),
        ("cache", "kind: milestone\nneeds: [local]\n"),
        ("spare", "kind: milestone\n"),
    ]);
    machine.write("etc/units/web.yaml", "kind: milestone\nneeds: [cache, local]\n");
    assert_eq!(machine.sunup(&["enable", "web"]).0, 0);
    machine.write("etc/units/mine.yaml", "kind: milestone\n");
    let expected = "\
etc/units/mine.yaml:1:1: warning: no bundle brings mine in: sunup enable mine lets it start at boot
    kind: milestone
    ^
etc/units/web.yaml:2:16: warning: web needs local is implied already
    needs: [cache, local]
                   ^
    lib/units/cache.yaml:2:9: cache needs local
";
    for _ in 0..2 {
        assert_eq!(machine.sunup(&["check"]), (0, expected.into(), String::new()));
    }
}
