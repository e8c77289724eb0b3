//! What the workspace promises of itself: who may import whom, what it is built of, a page for every program, who may act,
//! and files that one can read in a sitting.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::iter;
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
const ACTS: [&str; 26] = [
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
    "sys::",
    "crate::sys",
    "crate::command",
    "crate::executor",
    "crate::generation",
    "crate::oneshot",
    "crate::readiness",
    "crate::record",
    "crate::rehearse",
    "crate::request::queue",
    "crate::request::target",
    "crate::serve",
    "crate::service",
    "crate::steps",
    "crate::system",
    "crate::timeline",
];
/// What stands there and only counts, compares and keeps: numbers of signals, texts, tables.
const PASSIVE: [&str; 3] = ["crate::sys::signal", "crate::sys::table", "crate::sys::text"];
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
            assert_eq!(way_to_act(text), None, "{name}");
        }
    }
}

/// The first line of code, or path of an import, that leads to what acts.
fn way_to_act(text: &str) -> Option<String> {
    let code: Vec<&str> = code(text).collect();
    let joined = code.join(" ");
    let imports =
        joined.split("use ").skip(1).filter_map(|rest| rest.split_once(';')).flat_map(|(tree, _)| paths(tree));
    let mut ways = code.into_iter().map(str::to_owned).chain(imports);
    ways.find(|way| {
        let rest = PASSIVE.iter().fold(way.clone(), |way, passive| way.replace(passive, ""));
        ACTS.iter().any(|act| rest.contains(act))
    })
}

/// The paths of an import: `a::{b, c::d}` is two.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (inside, _) = rest.rsplit_once('}').unwrap_or((rest, ""));
    let mut depth = 0;
    let branches = inside.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    branches.flat_map(|branch| paths(&format!("{before}{}", branch.trim()))).collect()
}

/// However an import is written, what acts is seen in it; what is only there for tests is not, and what follows it is.
#[test]
fn ways_to_act_are_seen() {
    let acts = [
        "use std::{fs, process};",
        "use std::{\n    cell::{Cell, RefCell},\n    fs,\n};",
        "use crate::{engine::Engine, system::System};",
        "use crate::sys;",
        "use crate::sys::{signal, event};",
        "    sys::event::Events::new()",
        "#[cfg(test)]\nmod samples;\nuse std::fs;",
        "#[cfg(test)]\nfn one() {\n    if true {\n    }\n}\nuse std::fs;",
        "#[cfg(test)]\nconst ONE: usize =\n    1;\nuse std::fs;",
        "struct Two {\n    #[cfg(test)]\n    one: usize,\n    two: std::fs::File,\n}",
    ];
    assert_eq!(acts.into_iter().filter(|text| way_to_act(text).is_none()).collect::<Vec<_>>(), Vec::<&str>::new());
    let passive = [
        "use crate::sys::signal::{self, RTMIN};",
        "use std::{cmp, mem};",
        "// std::fs",
        "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n",
    ];
    assert_eq!(passive.map(way_to_act), [const { None }; 4]);
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

/// Lines of a file that are executed in earnest: neither comments nor what is there for tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    iter::from_fn(move || {
        let mut line = lines.next()?;
        while line.trim_start() == "#[cfg(test)]" {
            pass_item(&mut lines, margin(line));
            line = lines.next()?;
        }
        Some(line)
    })
}

/// Takes the lines of an item that begins at this margin, as rustfmt writes them.
fn pass_item<'a>(lines: &mut impl Iterator<Item = &'a str>, begin: usize) {
    let mut is_open = false;
    lines.find(|line| {
        let is_at_margin = margin(line) == begin;
        let ends = if is_open {
            is_at_margin && line.trim_start().starts_with('}')
        } else {
            line.ends_with([';', '}']) || is_at_margin && line.ends_with(',')
        };
        is_open |= line.ends_with('{');
        ends
    });
}

/// How far a line is indented.
fn margin(line: &str) -> usize {
    line.len() - line.trim_start().len()
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
