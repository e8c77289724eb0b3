//! Every class of error as a person sees it: `tests/diagnostics/NAME` holds files, and `expected` what is said of them.
//!
//! `units/` and `bundles/` are read as the system's directories, `root/` is where commands and accounts are looked for.
//! `UPDATE=1` writes what is said now.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use units::{Bundles, Diagnostic, Settings, UnitSet};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Everything that is wrong, in the order in which `sunup check` tells it.
fn found(case: &Path) -> Vec<Diagnostic> {
    let (settings, mut found) = Settings::load(&case.join("sunup.yaml"));
    let reading = units::Reading { init_scripts: None, ..settings.reading() };
    let mut set = UnitSet::load_with(&[case.join("units"), case.join("later")], &reading);
    let bundles = Bundles::load(&[case.join("bundles")], &mut set);
    found.extend_from_slice(set.diagnostics());
    found.extend_from_slice(bundles.diagnostics());
    found.extend(set.check());
    if case.join("root").is_dir() {
        found.extend(set.check_commands(&case.join("root")));
    }
    found.sort_by(|one, other| (&one.place, &one.message).cmp(&(&other.place, &other.message)));
    found.dedup();
    found
}

/// What is said of each case is what is expected, to the letter, and nothing is expected of cases that are not there.
#[test]
fn snapshots() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(here()).unwrap() {
        let case = entry.unwrap().path();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let said: String = found(&case).iter().map(|one| format!("{one}\n")).collect();
        let said = said.replace(&format!("{}/", case.display()), "");
        let file = case.join("expected");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&file, &said).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if said != expected || said.is_empty() {
            wrong.push(format!("{name}: expected\n{expected}\nbut there is\n{said}"));
        }
        names.insert(name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), CLASSES);
}

/// The classes of errors that are told; each has its case.
const CLASSES: [&str; 30] = [
    "alias",
    "all-at-once",
    "broken-override",
    "bundle-in-itself",
    "command",
    "dangling-link",
    "drop-in",
    "duplicate-key",
    "duration-and-size",
    "elsewhere",
    "encoding",
    "foreign-key",
    "hostile",
    "missing-field",
    "name-claimed-twice",
    "nesting",
    "port-claimed-twice",
    "service-directory",
    "settings",
    "several",
    "syntax",
    "tag",
    "template",
    "torn",
    "torn-settings",
    "unknown-key",
    "unknown-unit",
    "user",
    "variable",
    "wrong-type",
];
