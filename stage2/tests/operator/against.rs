//! `sunup check --against`.

use crate::machine::Machine;

const OLD: [(&str, &str); 6] = [
    ("local", "kind: oneshot\nstart: [/bin/true]\n"),
    ("web", "kind: longrun\nrun: [/bin/web]\nneeds: [local]\n"),
    ("page", "kind: milestone\nneeds: [web]\n"),
    ("gone", "kind: milestone\n"),
    ("worse", "kind: milestone\n"),
    ("same", "kind: milestone\n"),
];

/// What changed, what that does, and what it takes along; words for the console do nothing now.
#[test]
fn changes() {
    let machine = Machine::new(&OLD);
    machine.link("default", &["local", "web", "page", "gone", "worse", "same"]);
    std::fs::rename(machine.path("lib/units"), machine.path("old")).unwrap();
    let new = [
        ("local", "kind: oneshot\nstart: [/bin/true]\ndescription: Local\n"),
        ("web", "kind: longrun\nrun: [/bin/web, -v]\nneeds: [local]\n"),
        ("page", OLD[2].1),
        ("worse", "kind: mile\n"),
        ("same", OLD[5].1),
        ("fresh", "kind: milestone\n"),
    ];
    new.iter().for_each(|(name, text)| machine.write(&format!("new/{name}.yaml"), text));
    std::fs::create_dir(machine.path("lib/units")).unwrap();
    let (code, out, err) = machine.sunup(&["check", "--against", "old", "new"]);
    let expected = "\
added    fresh: nothing now
removed  gone: stop
changed  local: nothing now (description)
depends  page: restart (needs web)
changed  web: restart (run)
broken   worse: stop (new/worse.yaml:1:7: \"kind\" must be longrun, oneshot or milestone, not \"mile\" (did you mean \"milestone\"?))
";
    assert_eq!((code, out.as_str(), err.as_str()), (1, expected, ""));
    assert_eq!(machine.sunup(&["check", "--against", "old", "old"]).1, "nothing has changed\n");
    let (_, json, _) = machine.sunup(&["check", "--json", "--against", "old", "new"]);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((rows[3]["what"].as_str(), rows[3]["action"].as_str()), (Some("depends"), Some("restart")));
    assert_eq!(machine.sunup(&["check", "--against", "nowhere"]).0, 100);
}

/// Edges that come and go are named, and so are the members of bundles where a directory has those as well.
#[test]
fn edges_and_bundles() {
    let machine = Machine::new(&[("net", "kind: milestone\n")]);
    machine.write("old/units/web.yaml", "kind: longrun\nrun: |\n  key: a\n  b\nneeds: [net]\nafter: [x]\n");
    machine.write("etc/units/web.yaml", "kind: longrun\nrun: |\n  key: b\n  b\nneeds: [net, db]\nwants: [cache]\n");
    machine.write("etc/units/db.yaml", "kind: milestone\n");
    for set in ["old", "etc"] {
        machine.write(&format!("{set}/units/same.yaml"), "kind: milestone\n");
    }
    for (bundle, link) in [
        ("old/bundles/default", "web"),
        ("old/bundles/default", "same"),
        ("old/bundles/spare", "net"),
        ("etc/bundles/default", "db"),
    ] {
        std::fs::create_dir_all(machine.path(bundle)).unwrap();
        let unit = machine.path(&format!("lib/units/{link}.yaml"));
        std::os::unix::fs::symlink(unit, machine.path(&format!("{bundle}/{link}.yaml"))).unwrap();
    }
    let expected = "\
added    db: start
changed  same: stop
changed  web: stop (after -x; needs +db; run; wants +cache)
bundle   default: changed (+db -same -web)
bundle   spare: removed (-net)
";
    assert_eq!(machine.sunup(&["check", "--against", "old"]), (0, expected.into(), String::new()));
}
