//! What the documents name is there: paths, tests, decisions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tests::programs;

use crate::tidy::sources;

fn document(path: &str) -> String {
    fs::read_to_string(programs::workspace().join(path)).unwrap()
}

/// The numbers of the decisions.
fn decisions() -> BTreeSet<String> {
    let entries = fs::read_dir(programs::workspace().join("docs/decisions")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name[..4].to_owned()).collect()
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Numbers of four digits that begin with a zero, as decisions have.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.len() == 4 && word.starts_with("00") && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The paths of the map: the first column says where, and words below `src/` are files there.
fn mapped(map: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folder = "";
    for line in map.lines().filter_map(|line| line.strip_prefix("    ")) {
        let inner = line.strip_prefix("  ").filter(|inner| !inner.starts_with(' '));
        let (names, _) = inner.unwrap_or(line).split_once("  ").unwrap_or((line, ""));
        if inner.is_none() && !line.starts_with(' ') {
            folder = names;
        }
        let mut parent = String::new();
        for name in names.split(' ').filter(|_| !line.starts_with("   ")) {
            let below = if inner.is_some() { folder } else { "" };
            if let Some((directory, _)) = name.trim_end_matches('/').rsplit_once('/') {
                parent = format!("{directory}/");
                paths.push(format!("{below}{name}"));
            } else {
                paths.push(format!("{below}{parent}{name}"));
            }
        }
    }
    paths
}

/// Every place of the map is there, and so is every path that "where to start" names.
#[test]
fn the_map_is_true() {
    let architecture = document("ARCHITECTURE.md");
    let (_, map) = architecture.split_once("## The map, in boot order\n").unwrap();
    let (map, _) = map.split_once("\nImports").unwrap();
    let (_, start) = architecture.split_once("## Where to start\n").unwrap();
    let named = quoted(start).filter(|path| path.contains('/')).flat_map(alternatives);
    let paths: Vec<String> = mapped(map).into_iter().chain(named).collect();
    assert!(paths.len() > 60, "{paths:?}");
    let missing: Vec<_> = paths.iter().filter(|path| !programs::workspace().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every folder of our sources is in the map.
#[test]
fn the_map_is_whole() {
    let architecture = document("ARCHITECTURE.md");
    for part in ["supervisor", "stage1", "units", "stage2", "stage3"] {
        let (_, section) = architecture.split_once(&format!("\n    {part}/")).unwrap();
        let lines = section.lines().take_while(|line| line.starts_with("      ") || !line.starts_with("    "));
        let section: String = lines.take_while(|line| !line.is_empty()).collect();
        for entry in fs::read_dir(programs::workspace().join(part).join("src")).unwrap().map(|entry| entry.unwrap()) {
            let name = entry.file_name().into_string().unwrap();
            let is_told = section.contains(&format!("{name}/")) || section.contains(&format!("{name}.rs"));
            assert!(is_told || !entry.file_type().unwrap().is_dir(), "{part}/src/{name}/ is not in the map");
        }
    }
}

/// `a/{b,c}/` is two paths.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let (words, after) = rest.split_once('}').unwrap();
    words.split(',').map(|word| format!("{before}{word}{after}")).collect()
}

/// Every invariant names a test, and each of them is there.
#[test]
fn invariants_are_held_by_tests() {
    let architecture = document("ARCHITECTURE.md");
    let (_, invariants) = architecture.split_once("## Invariants").unwrap();
    let (invariants, _) = invariants.split_once("\n## ").unwrap();
    let sources = sources();
    for invariant in invariants.split("\n- ").skip(1) {
        let mut tests = quoted(invariant).filter_map(|word| word.split_once("::")).peekable();
        assert!(tests.peek().is_some(), "nothing holds: {invariant}");
        for (place, test) in tests {
            let is_there = |(path, text): &(String, String)| {
                let place_is = |part: &str| part.strip_suffix(".rs").unwrap_or(part) == place;
                path.split('/').any(place_is) && text.contains(&format!("fn {test}("))
            };
            assert!(sources.iter().any(is_there), "no test {place}::{test}");
        }
    }
}

/// The constants of a source file: the module that each stands in, and what follows its type.
fn constants<'a>(source: &'a str, kind: &str) -> Vec<(&'a str, &'a str)> {
    let mut module = "";
    let mut constants = Vec::new();
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("pub mod ") {
            module = name.trim_end_matches(" {");
        } else if let Some((_, value)) = line.split_once(&format!(": {kind} = ")) {
            constants.push((module, value.trim_end_matches(';')));
        }
    }
    constants
}

/// How docs/formats.md calls what paths.rs calls so in this module.
fn called(module: &str, name: &str) -> String {
    match module {
        "run" => format!("RUN/{name}"),
        "requests" if name.starts_with('.') => format!("ID{name}"),
        _ => name.to_owned(),
    }
}

/// Every name that two programs agree on is in docs/formats.md, between backquotes, as it is or as the beginning of a path.
#[test]
fn formats_name_everything() {
    let (formats, paths) = (document("docs/formats.md"), document("supervisor/src/paths.rs"));
    let names = constants(&paths, "&str").into_iter().map(|(module, value)| (module, value.trim_matches('"')));
    // What is being written is told once for all, and handlers have the signal's name behind this.
    let names = names.filter(|(_, name)| !name.ends_with(".new") && !name.ends_with("/SIG") && !name.ends_with('{'));
    let names: Vec<_> = names.map(|(module, name)| called(module, name)).collect();
    assert!(names.len() > 80, "{names:?}");
    let words = quoted(&formats).flat_map(|text| text.split(|c: char| c.is_whitespace() || "!#:,".contains(c)));
    let words: BTreeSet<_> = words.map(|word| word.trim_start_matches("RUN/service/NAME/")).collect();
    let is_told = |name: &String| {
        let mut rests = words.iter().filter_map(|word| word.strip_prefix(name.as_str()));
        rests.any(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let untold: Vec<_> = names.into_iter().filter(|name| !is_told(name)).collect();
    assert!(untold.is_empty(), "not in docs/formats.md: {untold:?}");
}

/// Every letter that one program sends another is an option on the page of whoever sends it by hand, or docs/formats.md tells
/// of it where it tells of control FIFOs.
#[test]
fn every_letter_is_told() {
    let formats = document("docs/formats.md");
    let (_, control) = formats.split_once("\n## Control FIFOs\n").unwrap();
    let (control, _) = control.split_once("\n## ").unwrap();
    let letters = document("supervisor/src/control.rs");
    let letters = constants(&letters, "u8");
    assert!(letters.len() > 30, "{letters:?}");
    let pages = [("supervise", document("docs/man/svc.8")), ("scanner", document("docs/man/svscanctl.8"))];
    for (module, page) in pages {
        let options = page.lines().filter_map(|line| line.strip_prefix(".It Fl "));
        let told: BTreeSet<_> = options.flat_map(|line| line.split(" , ")).chain(quoted(control)).collect();
        let letters = letters.iter().filter(|(place, _)| *place == module);
        let letters = letters.map(|(_, value)| value.strip_prefix("b'").unwrap().trim_end_matches('\''));
        assert_eq!(letters.filter(|letter| !told.contains(letter)).collect::<Vec<_>>(), Vec::<&str>::new(), "{module}");
    }
}

/// Whoever refers to a decision refers to one that there is, in documents and in code.
#[test]
fn decisions_are_there() {
    let decisions = decisions();
    let unknown = |place: &str, text: &str| {
        let unknown: Vec<_> = numbers(text).filter(|number| !decisions.contains(*number)).collect();
        assert!(unknown.is_empty(), "{place}: {unknown:?}");
    };
    for path in ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "docs/formats.md", "docs/bench.md"] {
        unknown(path, &document(path));
    }
    for entry in fs::read_dir(programs::workspace().join("docs/decisions")).unwrap() {
        let path = entry.unwrap().path();
        unknown(&path.display().to_string(), &fs::read_to_string(&path).unwrap());
    }
    for (path, text) in sources() {
        let comments: String = text.lines().filter(|line| line.contains("decision")).collect();
        unknown(&path, &comments);
    }
}

/// A path in a decision that looks like one of ours is one.
#[test]
fn decisions_name_what_is_there() {
    let below = ["supervisor/", "stage1/", "stage2/", "stage3/", "units/", "tests/", "docs/", "fuzz/", "demo/"];
    for entry in fs::read_dir(programs::workspace().join("docs/decisions")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for named in quoted(&text).filter(|named| below.iter().any(|folder| named.starts_with(folder))) {
            assert!(programs::workspace().join(Path::new(named)).exists(), "{}: {named}", path.display());
        }
    }
}
