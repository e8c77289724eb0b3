//! Whatever plain takes, the parser reads as the same tree with the same places, and finds nothing wrong with it.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::parse_any;
use super::read;
use crate::source::Source;

#[path = "../../../../tests/src/random.rs"]
mod prng;
use prng::Random;

/// Texts that are made up.
const ROUNDS: u64 = 30_000;

/// Changed copies of each text that is there, for each of its bytes.
const COPIES: usize = 3;

/// What means something to YAML, or nearly.
const SHARP: &str = "     \n\n\n---...::##?!&*<%@`|>~''\"\"\\,,[]{}a1\t\u{85}\u{2028}\u{feff}ä";

/// Whether plain takes a text; if so, the parser must say the same of it.
fn takes(text: &str) -> bool {
    let Ok(source) = Source::from_bytes(Path::new("x.yaml").into(), text.into()) else { return false };
    let Some(document) = read(&source) else { return false };
    assert_eq!(vec![document], parse_any(&source), "{text}");
    true
}

/// Whether it takes a text in which up to two bytes have become up to three others.
fn takes_changed(random: &mut Random, text: &str, at: usize) -> bool {
    let sharp: Vec<char> = SHARP.chars().collect();
    let put_in: String = (0..random.below(4)).map(|_| *random.pick(&sharp)).collect();
    let end = (at + random.below(3)).min(text.len());
    let (Some(before), Some(behind)) = (text.get(..at), text.get(end..)) else { return false };
    takes(&[before, &put_in, behind].concat())
}

/// Words and texts that plain takes, and others.
const WORDS: [&str; 10] = ["a", "--all", "/bin/x", "1:2", ".", "x=y", "80%", "$X", "'q r'", "\"d, e\""];
const ODD_WORDS: [&str; 10] = ["-", "a:", "~", "b#", "", "...", "''", "a b", "'it''s'", "\"\\n\""];
const ODD_KEYS: [&str; 8] = ["_", "d.e/f", "-x", "a b", "\"a\"", "", "?", "8"];

fn word(random: &mut Random) -> &'static str {
    let words = if random.percent(97) { WORDS } else { ODD_WORDS };
    words[random.below(words.len())]
}

fn key(random: &mut Random) -> String {
    if random.percent(97) { format!("key-{}", random.below(99)) } else { ODD_KEYS[random.below(ODD_KEYS.len())].into() }
}

/// A value that may stand in brackets.
fn item(random: &mut Random, depth: usize) -> String {
    match random.below(if depth > 0 { 5 } else { 3 }) {
        3 => format!("[{}]", several(random, ", ", |random| item(random, depth - 1))),
        4 => {
            format!("{{{}}}", several(random, ",  ", |random| format!("{}: {}", key(random), item(random, depth - 1))))
        }
        _ => word(random).into(),
    }
}

fn several(random: &mut Random, between: &str, one: impl Fn(&mut Random) -> String) -> String {
    let all: Vec<String> = (0..random.below(4)).map(|_| one(random)).collect();
    all.join(between)
}

/// Lines of a map or of a list, so far in.
fn lines(random: &mut Random, indent: usize, depth: usize) -> String {
    let mut text = String::new();
    let is_list = random.percent(25) && depth < 4;
    for _ in 0..=random.below(4) {
        let odd = if random.percent(2) { random.below(3) } else { 0 };
        let begin = " ".repeat(indent + odd);
        let deeper = indent + random.pick(&[0, 2, 2, 4]);
        let name = if is_list { "-".into() } else { format!("{}:", key(random)) };
        text += &match random.below(12) {
            0 if depth > 0 => format!("{begin}{name}\n{}", lines(random, deeper, depth - 1)),
            1 if depth > 0 && is_list => format!("{begin}- {}", lines(random, indent + 2, depth - 1).trim_start()),
            2 => format!("{begin}# {}\n", item(random, 1)),
            3 => "\n".into(),
            4 => format!("{begin}{name} {} # {}\n", item(random, 2), item(random, 0)),
            5 => format!("{begin}{name} a {}  \n", several(random, " ", |random| item(random, 0))),
            6 => format!("{begin}{name}\n{begin} {}\n", item(random, 1)),
            _ => format!("{begin}{name} {}\n", item(random, 3)),
        };
    }
    text
}

/// Texts of its grammar, texts beside it, and texts of neither kind.
#[test]
fn one_tree_of_any_text() {
    let mut taken = 0;
    for seed in 0..ROUNDS {
        let random = &mut Random(seed);
        let text = lines(random, 0, 4);
        taken += u64::from(takes(&text));
        let at = random.below(text.len() + 1);
        taken += u64::from(takes_changed(random, &text, at));
    }
    assert!(taken > ROUNDS / 2, "{taken}");
}

/// All unit files below a directory of this package, with their names.
fn files(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.extend(fs::read_to_string(&path).ok().map(|text| (path, text)));
        }
    }
}

fn texts(directory: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut found);
    found
}

/// Units as they are written, with anything put in anywhere.
#[test]
fn one_tree_of_a_changed_unit() {
    let manual = include_str!("../../../../docs/man/unit.5").split(".Bd -literal -offset indent\n").skip(1);
    let examples = manual.filter_map(|block| block.split(".Ed\n").next()).map(str::to_owned);
    let written = texts("system").into_iter().chain(texts("tests")).map(|(_, text)| text);
    let mut taken = 0;
    for (text, seed) in examples.chain(written).filter(|text| text.len() < 10_000).zip(0..) {
        let random = &mut Random(seed);
        for at in (0..=text.len()).flat_map(|at| [at; COPIES]) {
            taken += u64::from(takes_changed(random, &text, at));
        }
    }
    assert!(taken > 5_000, "{taken}");
}

/// It is worth having: it takes every unit that is shipped but those with scripts, and those of the benchmark.
#[test]
fn takes_what_is_shipped() {
    let shipped = texts("system");
    assert!(shipped.len() > 30, "{}", shipped.len());
    for (path, text) in shipped {
        assert_eq!(takes(&text), !text.contains(": |\n"), "{}", path.display());
    }
    assert!(takes(
        "# Generated\ndescription: Unit number 7\nkind: longrun\nneeds: [unit-3]\nwants: [unit-6]\nif: {path: /bin/sleep}\n\
         run: [/bin/sleep, '7']\nready: {tcp: \"127.0.0.1:1031\"}\nstart-timeout: 30s\nkill-mode: main\n"
    ));
}

/// What is too much for it, or wrong, it leaves alone.
#[test]
fn takes_no_more_than_is_certain() {
    let nested = |depth: usize| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    let keys = |count: usize| (0..count).map(|number| format!("k{number}: x\n")).collect::<String>();
    for (text, expected) in [
        (nested(7), true),
        (nested(8), false),
        (keys(16), true),
        (keys(17), false),
        ("a: [b,]\n".into(), false),
        (format!("a: [{}b]\n", "c,".repeat(32_000)), true),
        (format!("a: {}\n", "x".repeat(64_000)), true),
        (format!("a: {}\n", "x".repeat(65_000)), false),
        (format!("{}: x\n", "k".repeat(256)), true),
        (format!("{}: x\n", "k".repeat(257)), false),
        ("a: b\na: c\n".into(), false),
        ("a: {b: c, b: d}\n".into(), false),
        ("a:\n".into(), false),
        ("a: ä\n".into(), false),
        (String::new(), false),
    ] {
        assert_eq!(takes(&text), expected, "{text:.60}");
    }
}
