//! Texts that were made to hurt.

use std::fmt::Write;
use std::time::{Duration, Instant};

use units::UnitSet;

/// Far more than any of them takes, far less than what would hold up a boot.
const DEADLINE: Duration = Duration::from_secs(10);

/// Aliases of aliases: ten to the twentieth nodes, were they ever expanded.
fn billion_laughs() -> String {
    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..=20 {
        let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 10].join(","));
    }
    text
}

/// Aliases that nest instead of multiplying.
fn tower() -> String {
    (1..=500).fold("a0: &a0 [x]\n".into(), |mut text, level| {
        let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
        text
    })
}

/// No text makes the reader panic, take long, or say nothing.
#[test]
fn nothing_hurts() {
    let long = "x".repeat(100_000);
    let texts = [
        "[".repeat(1_000_000),
        "{".repeat(1_000_000),
        "- ".repeat(500_000),
        "? ".repeat(500_000),
        "a: ".repeat(300_000),
        "!a ".repeat(300_000),
        "&a ".repeat(300_000),
        "- &a\n".repeat(100_000),
        "*a ".repeat(300_000),
        "---\n".repeat(200_000),
        "---\n[\n".repeat(100_000),
        "|\n".repeat(300_000),
        "a: [\"\n".repeat(150_000),
        "a: \"\nb: [\n".repeat(90_000),
        "a: @\n".repeat(200_000),
        "\"".repeat(999_999),
        "'".repeat(999_999),
        "#".repeat(1_000_000),
        "\n".repeat(1_000_000),
        "%".repeat(1_000_000),
        "a\n".repeat(500_000),
        (0..100_000).fold(String::new(), |mut text, number| {
            let _ = writeln!(text, "k{number}: 1");
            text
        }),
        "kind: milestone\nneeds: [".to_owned() + &"a, ".repeat(300_000) + "]\n",
        // Different names, so that each is looked for among all others.
        (0..80_000).fold("kind: milestone\nneeds: [".to_owned(), |text, number| text + &format!("u{number},")) + "]\n",
        (0..10_000).fold("kind: longrun\nsockets: [".to_owned(), |text, number| text + &format!("'unix:///{number}',"))
            + "]\n",
        "(0".repeat(20_000) + ": ",
        billion_laughs(),
        tower(),
        format!("kind: {long}\n{long}: {long}\n"),
        format!("description: &a {long}\nneeds: [{}]\n", "*a, ".repeat(10_000)),
        "kind: \"\\uD800\\x00\\U00110000\"\n".into(),
        "kind: \u{202e}milestone\n".into(),
        "kind: milestone\n\u{0}".into(),
        "\u{1b}]0;title\u{7}".into(),
        "x".repeat(2 << 20),
        "\t".into(),
        ":".into(),
        "-".into(),
        "---".into(),
        "...".into(),
        "--- |".into(),
        "kind: >9\n".into(),
        "!!binary x".into(),
        "{kind: milestone, kind}".into(),
        "kind: milestone\n  after: [a]\n".into(),
    ];
    for text in &texts {
        let begun = Instant::now();
        let set = UnitSet::from_texts(&[("u/x.yaml", text)]);
        let shown: String = set.diagnostics().iter().map(ToString::to_string).collect();
        let start: String = text.chars().take(20).collect();
        assert!(!shown.is_empty(), "{start:?} is good?");
        assert!(shown.len() < 1 << 20, "{start:?}: {} bytes of complaints", shown.len());
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{start:?}: {shown:?}");
        assert!(set.units().is_empty(), "{start:?}");
        assert!(begun.elapsed() < DEADLINE, "{start:?} took {:?}", begun.elapsed());
    }
}

/// Neither does any beginning of a good text, nor one with a character changed.
#[test]
fn no_damage_hurts() {
    let good = "# c\nname: x\nkind: longrun\ndescription: &a 'it''s'\nrun: |\n  #!/bin/sh\n  exec a\nneeds: [b, \"c\"]\n\
                if: {path: \"!/x\", container: false}\nready: {exec: [a, *a], every: 50ms}\nstart-timeout: 1m30s\n\
                log: {dir: /x, size: 1M, keep: 3}\n";
    let whole = UnitSet::from_texts(&[("u/x.yaml", good)]);
    assert_eq!(whole.diagnostics(), []);
    for at in 0..good.len() {
        UnitSet::from_texts(&[("u/x.yaml", &good[..at])]);
        for change in [":", "-", "[", "}", "\"", "'", "&", "*", "!", "\n", "\t", "\u{0}", "|", "?", "%", "ä"] {
            let text = format!("{}{change}{}", &good[..at], &good[at + 1..]);
            let set = UnitSet::from_texts(&[("u/x.yaml", &text)]);
            set.diagnostics().iter().for_each(|one| drop(one.to_string()));
        }
    }
}
