//! The manual page against what the command says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/man/sunup.8");

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sunup")).args(words).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The first words of the lines about commands; those that go on with a text are further in.
fn verbs() -> Vec<String> {
    let help = help(&[]);
    let (_, after) = help.split_once("\nCommands:\n").unwrap();
    let (commands, _) = after.split_once("\n\n").unwrap();
    let begins = commands.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let verbs = begins.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help");
    verbs.map(str::to_owned).collect()
}

/// The options of a verb, each with its forms, without their first dash.
fn options(verb: &str) -> Vec<Vec<String>> {
    let help = help(&[verb]);
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let forms = lines.map(|line| {
        let forms = line.split("  ").next().unwrap().split([' ', ',', '=']).filter_map(|word| word.strip_prefix('-'));
        forms.filter(|form| !form.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    });
    let everybodys = ["-help", "-version", "-user"].map(str::to_owned);
    forms.filter(|forms| !forms.iter().any(|form| everybodys.contains(form))).collect()
}

/// The flags in some lines of the page, without their first dash.
fn flags(lines: &str) -> BTreeSet<&str> {
    lines
        .split_whitespace()
        .zip(lines.split_whitespace().skip(1))
        .filter(|(word, _)| word.ends_with("Fl"))
        .map(|it| it.1)
        .collect()
}

/// What the synopsis says of each verb, in all of its forms.
fn synopses() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let (_, synopsis) = PAGE.split_once(".Sh SYNOPSIS\n.Nm\n").unwrap();
    let (synopsis, _) = synopsis.split_once(".Sh ").unwrap();
    let mut all = BTreeMap::new();
    for form in synopsis.split(".Nm\n") {
        let verbs = form.lines().find_map(|line| line.strip_prefix(".Cm ")).unwrap_or_default();
        for verb in verbs.split(" | ").filter(|verb| !verb.is_empty()) {
            let flags = flags(form).into_iter().filter(|flag| !["-user", "-"].contains(flag));
            all.entry(verb).or_insert_with(BTreeSet::new).extend(flags);
        }
    }
    all
}

/// The manual page explains every verb and every option, and its synopsis shows the options of each verb and no other.
#[test]
fn nothing_is_missing() {
    let entries = |macros: &'static str| PAGE.lines().filter_map(move |line| line.strip_prefix(macros));
    let explained: BTreeSet<&str> = entries(".It Cm ").flat_map(|line| line.split([' ', ','])).collect();
    let (_, text) = PAGE.split_once(".Sh DESCRIPTION\n").unwrap();
    let explained_flags: BTreeSet<&str> =
        entries(".It Fl ").flat_map(str::split_whitespace).chain(flags(text)).collect();
    let (verbs, synopses) = (verbs(), synopses());
    assert!(verbs.len() > 25, "{verbs:?}");
    for verb in &verbs {
        assert!(explained.contains(verb.as_str()), "sunup {verb} is not explained");
        let shown = &synopses[verb.as_str()];
        let mut options = options(verb);
        for flag in shown {
            let before = options.len();
            options.retain(|forms| !forms.iter().any(|form| form == flag));
            assert_eq!(options.len() + 1, before, "sunup {verb} has no -{flag}");
        }
        assert_eq!(options, Vec::<Vec<String>>::new(), "not in the synopsis of sunup {verb}");
    }
    let all: BTreeSet<String> = verbs.iter().flat_map(|verb| options(verb)).flatten().collect();
    let unexplained: Vec<_> = all.iter().filter(|form| !explained_flags.contains(form.as_str())).collect();
    assert!(unexplained.is_empty(), "not explained: {unexplained:?}");
}
