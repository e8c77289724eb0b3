//! What the workspace promises of itself: who may import whom, what it is built of, a page for every program, who may act,
//! and files that one can read in a sitting.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tests::{command, programs};

/// Imports only point down.
const ARROWS: [(&str, &[&str]); 6] = [
    ("supervisor", &[]),
    ("units", &["supervisor"]),
    ("stage1", &["supervisor"]),
    ("stage2", &["supervisor", "units"]),
    ("stage3", &["supervisor"]),
    ("tests", &["stage2", "supervisor", "units"]),
];
/// Everything of others that we build on. A new one needs a reason, and a line in `docs/decisions`.
const THIRD_PARTIES: [&str; 13] = [
    "arrayvec",
    "clap",
    "clap_complete",
    "indicatif",
    "linux-raw-sys",
    "nix",
    "petgraph",
    "serde",
    "serde-saphyr",
    "serde_json",
    "syscalls",
    "tempfile",
    "vt100",
];
/// Lines that a source file may have.
const LINES: usize = 400;
/// How code that the compiler does not vouch for begins.
const UNSAFE: [&str; 5] = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "#[unsafe("];
/// What only decides: what these paths begin with.
const PURE: [&str; 10] = [
    "stage2/src/engine/",
    "stage2/src/graph/",
    "stage2/src/plan/",
    "supervisor/src/scanner/orders.rs",
    "supervisor/src/scanner/reach.rs",
    "supervisor/src/scanner/recent.rs",
    "supervisor/src/supervise/letters.rs",
    "supervisor/src/supervise/life.rs",
    "supervisor/src/supervise/machine.rs",
    "supervisor/src/supervise/pace.rs",
];
/// Ways to files, processes, clocks and the surroundings.
const ACTS: [&str; 14] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "nix::",
    "sys::descriptor",
    "sys::files",
    "sys::process",
    "sys::time",
];
/// Programs that are nobody's command: those of harness, benchmark and soak, and the one installed under other
/// programs' names.
const NO_PAGE: [&str; 8] = ["bench", "boot", "floor", "machines", "sleeper", "soak", "wrapper", "writer"];

fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]).current_dir(programs::workspace());
    let metadata: Value = serde_json::from_str(&command::run(&mut cargo)).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_string()
}

/// The manifests have no other arrow between our folders.
#[test]
fn imports_point_down() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for package in packages() {
        let name = text(&package["name"]);
        let targets = allowed.get(name.as_str()).unwrap_or_else(|| panic!("the package {name} has no place"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let target = text(&dependency["name"]);
            let ours = !dependency["path"].is_null();
            assert!(!ours || targets.contains(&target.as_str()), "{name} must not import {target}");
        }
    }
}

/// Nothing of others is used but what is listed.
#[test]
fn third_parties_are_listed() {
    let packages = packages();
    let dependencies = packages.iter().flat_map(|package| package["dependencies"].as_array().unwrap());
    let used: BTreeSet<String> =
        dependencies.filter(|one| one["path"].is_null()).map(|one| text(&one["name"])).collect();
    let listed: BTreeSet<String> = THIRD_PARTIES.into_iter().map(String::from).collect();
    assert_eq!(used.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The names of the workspace's programs.
fn program_names() -> BTreeSet<String> {
    let packages = packages();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let programs = targets.filter(|target| target["kind"].as_array().unwrap().iter().any(|kind| kind == "bin"));
    let names = programs.map(|target| text(&target["name"]));
    names.filter(|name| !NO_PAGE.contains(&name.as_str())).collect()
}

/// Every program has a man page in section 1 or 8.
#[test]
fn every_program_has_a_page() {
    let pages = programs::workspace().join("docs/man");
    let missing = program_names();
    let missing: Vec<_> = missing
        .iter()
        .filter(|name| !pages.join(format!("{name}.1")).exists() && !pages.join(format!("{name}.8")).exists())
        .collect();
    assert!(missing.is_empty(), "no page in docs/man for {missing:?}");
}

/// `make install` installs every program, and no other.
#[test]
fn every_program_is_installed() {
    let makefile = fs::read_to_string(programs::workspace().join("Makefile")).unwrap();
    let line = makefile.lines().find_map(|line| line.strip_prefix("PROGRAMS = ")).unwrap();
    assert_eq!(line.split_whitespace().map(String::from).collect::<BTreeSet<_>>(), program_names());
}

/// Source files stay short.
#[test]
fn files_are_short() {
    let long: Vec<_> = sources().into_iter().filter(|(_, text)| text.lines().count() > LINES).map(|it| it.0).collect();
    assert!(long.is_empty(), "longer than {LINES} lines: {long:#?}");
}

/// `unsafe` stands below `supervisor/src/sys/`, and nowhere else.
#[test]
fn unsafe_has_one_place() {
    let (inside, outside): (Vec<_>, Vec<_>) = sources()
        .into_iter()
        .filter(|(name, _)| name != "tests/cases/tidy.rs")
        .filter(|(_, text)| code(text).any(|line| UNSAFE.iter().any(|word| line.contains(word))))
        .map(|(name, _)| name)
        .partition(|name| name.starts_with("supervisor/src/sys/"));
    assert_eq!(outside, Vec::<String>::new());
    assert!(!inside.is_empty());
}

/// What decides without doing anything has no way to do anything.
#[test]
fn what_is_pure_does_nothing() {
    let sources = sources();
    for pure in PURE {
        let is_test = |name: &str| name.contains("/tests/") || name.ends_with("tests.rs");
        let mut files = sources.iter().filter(|(name, _)| name.starts_with(pure) && !is_test(name)).peekable();
        assert!(files.peek().is_some(), "there is no {pure}");
        for (name, text) in files {
            let acts = code(text).find(|line| ACTS.iter().any(|word| line.contains(word)));
            assert_eq!(acts, None, "{name}");
        }
    }
}

/// Every file says what it is, and above every test stands what it holds.
#[test]
fn files_and_tests_say_what_they_are() {
    let mut silent = Vec::new();
    for (name, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        if !text.starts_with("//!") {
            silent.push(name.clone());
        }
        for at in (1..lines.len()).filter(|at| lines[*at].trim() == "#[test]") {
            if !lines[at - 1].trim_start().starts_with("///") {
                silent.push(format!("{name}: {}", lines.get(at + 1).unwrap_or(&"").trim()));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// Lines of a file that are executed in earnest: neither comments nor what comes with its tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let before = text.lines().take_while(|line| *line != "#[cfg(test)]");
    before.filter(|line| !line.trim_start().starts_with("//"))
}

/// Every source file, by its path in the workspace.
pub fn sources() -> Vec<(String, String)> {
    let mut waiting: Vec<PathBuf> = ARROWS.iter().map(|(folder, _)| programs::workspace().join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(programs::workspace()).unwrap().display().to_string();
            sources.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    sources
}
