//! The manual page against what the command says of itself.

use std::collections::BTreeSet;
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

/// The long options of a verb, without their dashes.
fn options(verb: &str) -> Vec<String> {
    let help = help(&[verb]);
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',', '=']));
    let options: BTreeSet<&str> =
        words.filter_map(|word| word.strip_prefix("--")).filter(|it| !it.is_empty()).collect();
    options.into_iter().filter(|option| *option != "help").map(str::to_owned).collect()
}

/// The manual page explains every verb, and every option of each.
#[test]
fn nothing_is_missing() {
    let entries = |macros: &'static str| {
        PAGE.lines().filter_map(move |line| line.strip_prefix(macros)).flat_map(|line| line.split([' ', ',']))
    };
    let explained: BTreeSet<&str> = entries(".It Cm ").collect();
    let flags: BTreeSet<&str> = PAGE.split_whitespace().filter_map(|word| word.strip_prefix('-')).collect();
    let verbs = verbs();
    assert!(verbs.len() > 25, "{verbs:?}");
    for verb in &verbs {
        assert!(explained.contains(verb.as_str()), "sunup {verb} is not explained");
        for option in options(verb) {
            assert!(flags.contains(option.as_str()), "sunup {verb} --{option} is not in the manual page");
        }
    }
}
