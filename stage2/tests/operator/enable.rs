//! `sunup enable` and `sunup disable`.

use std::fs;

use crate::machine::Machine;

const UNITS: [(&str, &str); 6] = [
    ("web", "kind: milestone\nneeds: [local]\n"),
    ("local", "kind: milestone\n"),
    ("early", "kind: milestone\nbefore: [local]\nafter: [web]\n"),
    ("rival", "kind: milestone\nconflicts: [web]\n"),
    ("broken", "kind: mile\n"),
    ("getty@", "kind: oneshot\nstart: [/bin/true, \"${INSTANCE}\"]\n"),
];

fn done(text: &str) -> (i32, String, String) {
    (0, text.into(), String::new())
}

/// A link is made once and removed once; both may be asked for again, or only be shown.
#[test]
fn links() {
    let machine = Machine::new(&UNITS);
    let linked = "linked: etc/bundles/default/web.yaml -> lib/units/web.yaml\n";
    assert_eq!(machine.sunup(&["enable", "--dry-run", "web"]), done(&format!("web: would be {linked}")));
    assert_eq!(machine.names("etc/bundles/default"), [""; 0]);
    assert_eq!(machine.sunup(&["enable", "web"]), done(&format!("web: {linked}")));
    assert_eq!(machine.names("etc/bundles/default"), ["web.yaml"]);
    assert_eq!(machine.sunup(&["enable", "web"]), done("web: is in default already\n"));
    let instance = "getty@tty1: linked: etc/bundles/default/getty@tty1.yaml -> lib/units/getty@.yaml\n";
    assert_eq!(machine.sunup(&["enable", "getty@tty1"]), done(instance));
    let unlinked = "unlinked: etc/bundles/default/web.yaml\n";
    assert_eq!(machine.sunup(&["disable", "--dry-run", "web"]), done(&format!("web: would be {unlinked}")));
    assert_eq!(
        machine.sunup(&["disable", "web", "local"]),
        done(&format!("web: {unlinked}local: is not in default\n"))
    );
    assert_eq!(machine.sunup(&["disable", "web"]), done("web: is not in default\n"));
    assert_eq!(machine.names("etc/bundles/default"), ["getty@tty1.yaml"]);
}

/// What would close a cycle or bring conflicting units together is refused with the report, and nothing is linked, not
/// even what else was asked for.
#[test]
fn refusals() {
    let machine = Machine::new(&UNITS);
    machine.link("default", &["web"]);
    let (code, out, err) = machine.sunup(&["enable", "local", "early"]);
    let expected = "\
lib/units/early.yaml:3:9: cycle of 3 units: early is after web, web needs local, early is before local
    lib/units/early.yaml:3:9: early is after web
    lib/units/web.yaml:2:9: web needs local
    lib/units/early.yaml:2:10: early is before local
    lib/units/early.yaml:2:10: to leave out: early is before local (the smallest cut)
sunup: fatal: not enabled: units would wait for each other, or conflict
";
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", expected));
    let (code, _, err) = machine.sunup(&["enable", "rival"]);
    let first = "lib/units/rival.yaml:2:13: rival conflicts with web, and both are asked for";
    assert_eq!((code, err.lines().next()), (1, Some(first)));
    assert_eq!(machine.names("etc/bundles/default"), ["web.yaml"]);
}

/// What is unknown, broken, or not the administrator's is refused.
#[test]
fn unknown_names() {
    let machine = Machine::new(&UNITS);
    fs::create_dir(machine.path("lib/bundles/theirs")).unwrap();
    let told = |words: &[&str]| {
        let (code, out, err) = machine.sunup(words);
        assert_eq!(out, "");
        (code, err.trim_start_matches("sunup: fatal: ").trim_end().to_owned())
    };
    assert_eq!(told(&["enable", "wbe"]), (100, "no unit is named 'wbe' (did you mean \"web\"?)".into()));
    assert_eq!(
        told(&["enable", "getty@"]),
        (100, "no unit is named 'getty@' (it is a template: name an instance of it, getty@NAME)".into())
    );
    let meant = "no bundle is named 'defualt' (did you mean \"default\"?): mkdir etc/bundles/defualt makes one";
    assert_eq!(told(&["enable", "--bundle", "defualt", "web"]), (100, meant.into()));
    let meant = "no unit or bundle is named 'defualt' (did you mean \"default\"?)";
    assert_eq!(told(&["plan", "switch", "defualt"]), (100, meant.into()));
    assert_eq!(told(&["disable", "wbe"]), (100, "no unit is named 'wbe' (did you mean \"web\"?)".into()));
    let broken = "'broken' has errors: lib/units/broken.yaml:1:7: \"kind\" must be longrun, oneshot or milestone, not \"mile\" (did you mean \"milestone\"?)";
    assert_eq!(told(&["enable", "broken"]), (1, broken.into()));
    let none = "no bundle is named 'x': mkdir etc/bundles/x makes one";
    assert_eq!(told(&["enable", "web", "--bundle", "x"]), (100, none.into()));
    let theirs = "lib/bundles/theirs is the distribution's: copy it to etc/bundles first";
    assert_eq!(told(&["enable", "web", "--bundle", "theirs"]), (100, theirs.into()));
    assert_eq!(told(&["enable", "web", "--bundle", "../x"]).0, 100);
}

/// The same as objects.
#[test]
fn json() {
    let machine = Machine::new(&UNITS);
    let (code, out, _) = machine.sunup(&["enable", "--json", "web"]);
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    let expected = serde_json::json!([{"v": 1, "verb": "enable", "unit": "web", "bundle": "default", "changed": true,
        "link": "etc/bundles/default/web.yaml", "target": "lib/units/web.yaml"}]);
    assert_eq!((code, answer), (0, expected));
    let (_, out, _) = machine.sunup(&["disable", "--json", "--dry-run", "web"]);
    assert!(out.contains("\"changed\": false"), "{out}");
}

/// A unit with a variable of sunup.yaml's is as good as any other.
#[test]
fn variables_are_known() {
    let machine = Machine::new(&[("web", "kind: longrun\nrun: [/bin/sh, \"${PORT}\"]\n")]);
    machine.write("etc/sunup.yaml", "vars: {PORT: \"80\"}\n");
    let (code, text, errors) = machine.sunup(&["enable", "web"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert_eq!(machine.names("etc/bundles/default"), ["web.yaml"]);
}
