//! Drop-ins, templates, variables and init scripts: what a unit becomes before it is checked.

use units::{Command, Context, Diagnostic, Kind, Reading, Unit, UnitName, UnitSet, Variables};

fn summaries(set: &UnitSet) -> Vec<String> {
    set.diagnostics().iter().map(Diagnostic::summary).collect()
}

fn argv(unit: &Unit) -> Vec<&str> {
    let Kind::Longrun(longrun) = &unit.kind else { panic!("{unit:?}") };
    let Some(Command::Argv(words)) = longrun.command() else { panic!("{unit:?}") };
    words.iter().map(String::as_str).collect()
}

fn context(unit: &Unit) -> &Context {
    match &unit.kind {
        Kind::Longrun(longrun) => &longrun.context,
        Kind::Oneshot(oneshot) => &oneshot.context,
        Kind::Milestone => panic!("{unit:?}"),
    }
}

fn needs(unit: &Unit) -> Vec<&str> {
    unit.needs.iter().map(|edge| edge.unit.as_str()).collect()
}

const WEB: &str = "kind: longrun\nneeds: [local]\nrun: [/bin/web]\nenv: {A: 1, B: 2}\numask: 0022\n";
const LOCAL: (&str, &str) = ("etc/local.yaml", "kind: milestone\n");

/// Texts replace, lists of names grow, commands are replaced, maps are merged, nothing takes away; files count in the
/// order of their names, and every value keeps its place.
#[test]
fn drop_ins_are_merged() {
    let set = UnitSet::from_texts(&[
        LOCAL,
        ("lib/web.yaml", WEB),
        ("lib/web.yaml.d/10-more.yaml", "needs: [db]\nrun: [/bin/web, -v]\nenv: {B: 3, C: 4}\numask:\n"),
        ("etc/web.yaml.d/20-last.yaml", "run: [/bin/web, -q]\nrestart: never\n"),
        ("lib/db.yaml", "kind: milestone\n"),
    ]);
    assert_eq!(summaries(&set), [""; 0]);
    let web = set.get("web").unwrap();
    assert_eq!(needs(web), ["local", "db"]);
    assert_eq!(argv(web), ["/bin/web", "-q"]);
    let env = ["A 1", "B 3", "C 4"].map(|pair| pair.split_once(' ').map(|(a, b)| (a.into(), b.into())).unwrap());
    assert_eq!(context(web).env, env);
    assert_eq!(context(web).umask, None);
    assert_eq!(web.place.to_string(), "lib/web.yaml:1:1");
    assert_eq!(web.needs[1].place.to_string(), "lib/web.yaml.d/10-more.yaml:1:9");
}

/// A list is replaced by taking it away in one document and writing it in the next.
#[test]
fn a_list_is_reset() {
    let set = UnitSet::from_texts(&[
        LOCAL,
        ("etc/web.yaml", WEB),
        ("etc/web.yaml.d/a.yaml", "needs:\n---\nneeds: [db]\n"),
        ("etc/db.yaml", "kind: milestone\n"),
    ]);
    assert_eq!(summaries(&set), [""; 0]);
    assert_eq!(needs(set.get("web").unwrap()), ["db"]);
}

/// A drop-in of the same name in an earlier directory wins.
#[test]
fn drop_ins_win_by_name() {
    let texts = [
        LOCAL,
        ("etc/web.yaml.d/a.yaml", "description: mine\n"),
        ("lib/web.yaml", WEB),
        ("lib/web.yaml.d/a.yaml", "description: theirs\numask: 0077\n"),
    ];
    let set = UnitSet::from_texts(&texts);
    assert_eq!(set.get("web").unwrap().description, "mine");
    assert_eq!(context(set.get("web").unwrap()).umask, Some(0o022));
}

/// What is wrong in a drop-in is told where it stands, and costs its unit only; one without a unit is told.
#[test]
fn wrong_drop_ins() {
    let set = UnitSet::from_texts(&[
        LOCAL,
        ("etc/web.yaml", WEB),
        ("etc/web.yaml.d/a.yaml", "name: x\numsak: 0022\nneeds: [local, lcal]\n"),
        ("etc/web.yaml.d/b.yaml", "[\n"),
        ("etc/web.yaml.d/c.yaml", "- a\n"),
        ("etc/wbe.yaml.d/a.yaml", "umask: 0022\n"),
        ("etc/locl.yaml.d/a.yaml", "description: x\n"),
    ]);
    let expected = [
        "etc/web.yaml.d/a.yaml:1:1: a drop-in cannot give a unit another name",
        "etc/web.yaml.d/a.yaml:2:1: unknown key \"umsak\" (did you mean \"umask\"?)",
        "etc/web.yaml.d/a.yaml:3:9: warning: \"local\" is in \"needs\" twice",
        "etc/web.yaml.d/b.yaml:1:1: this [ is never closed",
        "etc/web.yaml.d/c.yaml:1:1: a drop-in is a map of keys and values",
        "etc/locl.yaml.d: warning: there is no unit \"locl\" (did you mean \"local\"?)",
        "etc/wbe.yaml.d: warning: there is no unit \"wbe\" (did you mean \"web\"?)",
    ];
    assert_eq!(summaries(&set), expected);
    assert_eq!(set.diagnostics()[1].snippet.as_deref(), Some("umsak: 0022"));
    assert_eq!(set.broken().keys().map(UnitName::as_str).collect::<Vec<_>>(), ["web"]);
}

const GETTY: &str = "description: Login on ${INSTANCE}\nkind: longrun\nrun: [/sbin/agetty, \"${INSTANCE}\"]\n";

/// An instance is there once it is needed or wanted, and is told which one it is; what is only ordered against it is not.
#[test]
fn templates() {
    let texts = [
        ("etc/getty@.yaml", GETTY),
        ("etc/getty@tty2.yaml.d/a.yaml", "umask: 0077\n"),
        ("etc/a.yaml", "kind: milestone\nneeds: [getty@tty1]\nwants: [getty@tty2]\nafter: [getty@tty3]\n"),
        ("etc/getty@tty4.yaml", "kind: milestone\n"),
    ];
    let mut set = UnitSet::from_texts(&texts);
    assert_eq!(summaries(&set), [""; 0]);
    assert_eq!(set.check(), []);
    assert_eq!(
        set.units().keys().map(UnitName::as_str).collect::<Vec<_>>(),
        ["a", "getty@tty1", "getty@tty2", "getty@tty4"]
    );
    let getty = set.get("getty@tty1").unwrap();
    assert_eq!((getty.description.as_str(), argv(getty)), ("Login on tty1", vec!["/sbin/agetty", "tty1"]));
    assert_eq!(context(getty).env, [("INSTANCE".into(), "tty1".into())]);
    assert_eq!(context(set.get("getty@tty2").unwrap()).umask, Some(0o077));
    assert!(set.provide(&UnitName::new("getty@tty3").unwrap()));
    assert_eq!(argv(set.get("getty@tty3").unwrap())[1], "tty3");
    assert!(!set.provide(&UnitName::new("gety@tty3").unwrap()));
}

/// A broken template is told once, and breaks its instances; a template itself cannot be brought up.
#[test]
fn wrong_templates() {
    let set = UnitSet::from_texts(&[
        ("etc/a.yaml", "kind: milestone\nneeds: [getty@tty1, sound@]\ndescription: of ${INSTANCE}\n"),
        ("etc/getty@.yaml", "kind: longrun\nrun: [/sbin/agetty, \"${INSTANEC}\"]\n"),
        ("etc/sound@.yaml", "kind: milestone\n"),
        ("etc/b.yaml", "kind: milestone\nneeds: [getty@tty1, sound@]\n"),
    ]);
    let expected = [
        "etc/a.yaml:3:14: only a template, whose name ends with @, has an INSTANCE",
        "etc/getty@.yaml:2:21: no variable \"INSTANEC\" in sunup.yaml (did you mean \"INSTANCE\"?); write $${ for ${ itself",
    ];
    assert_eq!(summaries(&set), expected);
    assert_eq!(set.broken().keys().map(UnitName::as_str).collect::<Vec<_>>(), ["a", "getty@", "getty@tty1"]);
    let edges: Vec<String> = set.check().iter().map(Diagnostic::summary).collect();
    let expected = |file: &str| {
        format!("etc/{file}:2:21: there is no unit \"sound@\" (it is a template: name an instance of it, sound@NAME)")
    };
    assert_eq!(edges, [expected("a.yaml"), expected("b.yaml")]);
}

/// Templates that need ever more of each other end.
#[test]
fn templates_without_end() {
    let texts = [
        ("etc/a@.yaml", "kind: milestone\nwants: [\"a@x${INSTANCE}\"]\n"),
        ("etc/b@.yaml", "kind: milestone\nwants: [\"b@${INSTANCE}x\", \"b@${INSTANCE}y\"]\n"),
        ("etc/m.yaml", "kind: milestone\nwants: [a@x, b@x]\n"),
    ];
    let set = UnitSet::from_texts(&texts);
    assert!(set.units().len() <= 10_001);
    assert!(summaries(&set).iter().any(|line| line.contains("at most 200 bytes")), "{:?}", summaries(&set).len());
}

/// A variable stands for its value in every value but a script; an unknown one is an error.
#[test]
fn variables() {
    let variables = Variables::new([("PORT".into(), "80".into()), ("ROOT".into(), "/srv".into())]);
    let reading = Reading { variables, ..Reading::default() };
    let text = "kind: longrun\nrun: [/bin/web, \"-p${PORT}\", \"$${HOME}\"]\ndirectory: ${ROOT}/www\nready: {tcp: \"127.0.0.1:${PORT}\"}\n";
    let script = "kind: oneshot\nstart: |\n  echo ${PORT:-1}\nstop: [/bin/echo, \"${PROT}\", \"${x\"]\n";
    let set = UnitSet::from_texts_with(&[("u/web.yaml", text), ("u/x.yaml", script)], &reading);
    let web = set.get("web").unwrap();
    assert_eq!(argv(web), ["/bin/web", "-p80", "${HOME}"]);
    assert_eq!(context(web).directory.as_deref(), Some(std::path::Path::new("/srv/www")));
    let expected = [
        "u/x.yaml:4:19: no variable \"PROT\" in sunup.yaml (did you mean \"PORT\"?); write $${ for ${ itself",
        "u/x.yaml:4:30: ${ has no }: write $${ for the two characters themselves",
    ];
    assert_eq!(summaries(&set), expected);
}

/// Variables cannot make a unit larger than any unit is.
#[test]
fn variables_that_grow() {
    let reading = Reading { variables: Variables::new([("X".into(), "x".repeat(4096))]), ..Reading::default() };
    let text = format!("kind: milestone\nneeds: [{}]\n", "\"${X}\", ".repeat(2000));
    let set = UnitSet::from_texts_with(&[("u/x.yaml", &text)], &reading);
    let expected = "u/x.yaml:2:2057: too large: variables add more than 1024 KiB to this unit";
    assert!(summaries(&set).iter().any(|line| line == expected), "{:#?}", summaries(&set));
    assert!(set.broken().contains_key("x"));
}
