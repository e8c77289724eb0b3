//! Sets of units: which definition counts, what a broken one costs, where edges lead.

use units::{Diagnostic, UnitSet};

const MILESTONE: &str = "kind: milestone\n";

fn summaries(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(Diagnostic::summary).collect()
}

fn names<V>(map: &std::collections::BTreeMap<units::UnitName, V>) -> Vec<&str> {
    map.keys().map(units::UnitName::as_str).collect()
}

/// The unit that the design writes out comes out as it says.
#[test]
fn the_design_s_example() {
    let text = "description: OpenSSH server\nkind: longrun\nneeds: [sshd-keys]\nwants: [network]\n\
                if: {path: /usr/sbin/sshd}\nrun: [/usr/sbin/sshd, -D, -e]\nready: {tcp: \"127.0.0.1:22\"}\nkill-mode: main\n";
    let set = UnitSet::from_texts(&[("units/sshd.yaml", text)]);
    assert_eq!(set.diagnostics(), []);
    let unit = set.get("sshd").unwrap();
    assert_eq!(unit.description, "OpenSSH server");
    assert_eq!(unit.needs[0].place.to_string(), "units/sshd.yaml:3:9");
    assert_eq!(unit.stop_timeout.as_secs(), 10);
    assert_eq!(unit.start_timeout.unwrap().as_secs(), 60);
    let units::Kind::Longrun(longrun) = &unit.kind else { panic!("{unit:?}") };
    let argv = ["/usr/sbin/sshd", "-D", "-e"].map(String::from).to_vec();
    assert_eq!(longrun.command(), Some(&units::Command::Argv(argv)));
    assert_eq!(longrun.kill_mode, units::KillMode::Main);
    assert_eq!(longrun.log, units::Log::Auto);
}

/// A scalar is what was written, whatever YAML may take it for.
#[test]
fn scalars_keep_their_text() {
    let text = "kind: longrun\nrun: [on, 0022, ~, null, 1.0, 0x1f, 'it''s', \"a\\tb\", *a]\ndescription: &a yes\n";
    let wrong = UnitSet::from_texts(&[("u/x.yaml", text)]);
    assert_eq!(
        summaries(wrong.diagnostics()),
        ["u/x.yaml:2:54: the alias names an anchor that is not there: in quotes it is a text"]
    );
    let text = "description: &a yes\nkind: longrun\nrun: [on, 0022, ~, null, 1.0, 0x1f, 'it''s', \"a\\tb\", *a]\n";
    let set = UnitSet::from_texts(&[("u/x.yaml", text)]);
    let units::Kind::Longrun(longrun) = &set.get("x").unwrap().kind else { panic!() };
    let words = ["on", "0022", "~", "null", "1.0", "0x1f", "it's", "a\tb", "yes"];
    let argv = words.map(String::from).to_vec();
    assert_eq!(longrun.command(), Some(&units::Command::Argv(argv)));
}

/// The earlier directory wins, even with a definition that is broken.
#[test]
fn the_earlier_directory_wins() {
    let set = UnitSet::from_texts(&[
        ("etc/a.yaml", "kind: milestone\ndescription: mine\n"),
        ("lib/a.yaml", "kind: milestone\ndescription: theirs\n"),
        ("etc/b.yaml", "kind: milestones\n"),
        ("lib/b.yaml", MILESTONE),
        ("lib/c.yaml", MILESTONE),
    ]);
    assert_eq!(names(set.units()), ["a", "c"]);
    assert_eq!(set.get("a").unwrap().description, "mine");
    assert_eq!(names(set.broken()), ["b"]);
    let expected = "etc/b.yaml:1:7: \"kind\" must be longrun, oneshot or milestone, not \"milestones\" (did you mean \"milestone\"?)";
    assert_eq!(summaries(&set.broken()["b"]), [expected]);
    assert_eq!(summaries(set.diagnostics()), [expected]);
}

/// Several units in one file have names of their own; a broken one costs the others nothing.
#[test]
fn several_units_in_a_file() {
    let text = "name: a\nkind: milestone\n---\nname: b\nkind: [\n---\nname: c\nkind: milestone\n---\nkind: milestone\n";
    let set = UnitSet::from_texts(&[("u/all.yaml", text)]);
    assert_eq!(names(set.units()), ["a", "c"]);
    assert_eq!(names(set.broken()), ["b"]);
    let expected = [
        "u/all.yaml:5:7: this [ is never closed",
        "u/all.yaml:10:1: in a file of several units each needs the key \"name\"",
    ];
    assert_eq!(summaries(set.diagnostics()), expected);
}

/// Of two definitions in one directory the first one counts, and the second one is an error.
#[test]
fn defined_twice() {
    let set = UnitSet::from_texts(&[("u/a.yaml", "name: b\nkind: milestone\n"), ("u/b.yaml", MILESTONE)]);
    assert_eq!(set.get("b").unwrap().place.to_string(), "u/a.yaml:1:1");
    assert!(set.broken().is_empty());
    let shown: Vec<String> = set.diagnostics().iter().map(ToString::to_string).collect();
    let expected = "u/b.yaml:1:1: unit \"b\" is defined a second time\n    kind: milestone\n    ^\n    \
                    u/a.yaml:1:1: the first one, which counts";
    assert_eq!(shown, [expected]);
}

/// Edges lead to units: a need that does not is an error, anything else a warning; a broken unit is there.
#[test]
fn edges_lead_somewhere() {
    let set = UnitSet::from_texts(&[
        ("u/a.yaml", "kind: milestone\nneeds: [lcal, broken]\nwants: [x]\nafter: [y]\nbefore: [z]\n"),
        ("u/local.yaml", MILESTONE),
        ("u/broken.yaml", "kind\n"),
    ]);
    let expected = [
        "u/a.yaml:2:9: there is no unit \"lcal\" (did you mean \"local\"?)",
        "u/a.yaml:3:9: warning: there is no unit \"x\"",
        "u/a.yaml:4:9: warning: there is no unit \"y\"",
        "u/a.yaml:5:10: warning: there is no unit \"z\"",
    ];
    assert_eq!(summaries(&set.check()), expected);
    assert_eq!(set.check()[0].snippet.as_deref(), Some("needs: [lcal, broken]"));
}
