//! `sunup check`: everything wrong with units and bundles, before it hurts.

mod unreachable;

use std::collections::BTreeSet;
use std::io::Write;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::json;
use units::{Bundle, Bundles, Diagnostic, Severity, UnitName, UnitSet, at_once};

use super::failure::{Failure, Outcome};
use super::progress::Progress;
use crate::graph::{Catalogue, Draft, Entry};
use crate::system::places::Places;

/// Checks the files and directories in `paths`, or what is installed. Exit 1 if anything is wrong, warnings aside.
pub fn run(places: &Places, paths: &[PathBuf], json: bool, out: &mut dyn Write) -> Outcome {
    if let Some(absent) = paths.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("{} does not exist", absent.display())));
    }
    let found = if paths.is_empty() { check_installed(places, json) } else { check_paths(places, paths) };
    let text = match json {
        true => json_text(&found)?,
        false => found.iter().map(|diagnostic| format!("{diagnostic}\n")).collect(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(found.iter().any(Diagnostic::is_error)))
}

/// An array, one object a line.
fn json_text(found: &[Diagnostic]) -> Result<String, Failure> {
    let lines: Result<Vec<String>, _> = found.iter().map(|one| serde_json::to_string(&as_json(one))).collect();
    let lines = lines.map_err(|error| Failure::unable("write", error))?;
    Ok(if lines.is_empty() { "[]\n".into() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
}

fn as_json(diagnostic: &Diagnostic) -> serde_json::Value {
    let Diagnostic { severity, place, message, snippet, related } = diagnostic;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let related = related.iter().map(|(place, message)| {
        json!({ "file": place.file.to_string_lossy(), "line": place.line, "column": place.column, "message": message })
    });
    json!({
        "severity": severity, "file": place.file.to_string_lossy(), "line": place.line, "column": place.column, "message": message,
        "snippet": snippet, "related": related.collect::<Vec<_>>(),
    })
}

/// Warnings of one kind are summed up where there are many, unless `is_whole`.
fn check_installed(places: &Places, is_whole: bool) -> Vec<Diagnostic> {
    let progress = Progress::begin("reading units");
    let (settings, wrong) = places.settings();
    let cache = places.units_cache();
    let mut set = UnitSet::load_cached(&places.unit_directories(), &settings.reading(), Some(&cache));
    let bundles = Bundles::load(&places.bundle_directories(), &mut set);
    // Whoever may not write it reads every file the next time.
    let _ = set.write_cache();
    progress.tell("comparing units");
    let is_own = |file: &Path| file.starts_with(&places.etc);
    let mut found = check_set(&set, None, &is_own);
    found.extend(wrong);
    found.extend(bundles.diagnostics().iter().cloned());
    let unreachable = unreachable::find(&set, &bundles, &is_own);
    found.extend(unreachable.told(if is_whole { None } else { Some(&places.etc) }));
    found.extend(together(&set, &bundles));
    // The process ends: taking 100,000 units apart again would be a tenth of its work.
    mem::forget(set);
    sorted(found)
}

fn members(bundle: &Bundle) -> Vec<UnitName> {
    bundle.members.iter().map(|edge| edge.unit.clone()).collect()
}

/// What the units of one bundle cannot have together: units that conflict, and one name or address.
fn together(set: &UnitSet, bundles: &Bundles) -> Vec<Diagnostic> {
    let legible = Legible(set);
    let in_one = |bundle: &Bundle| {
        let members = members(bundle);
        let draft = Draft::new(&legible, &members);
        let mut found = set.check_claims_among((0..draft.len()).filter_map(|unit| draft.unit(unit)));
        if draft.has_conflicts() {
            let (graph, _) = draft.cut();
            let named: Vec<usize> = members.iter().filter_map(|name| graph.index(name.as_str())).collect();
            found.extend(graph.clashes(&named).into_iter().map(|clash| clash.diagnostic));
        }
        found
    };
    let mut found: Vec<Diagnostic> = bundles.all().values().flat_map(in_one).collect();
    found.iter_mut().for_each(|one| one.snippet = one.snippet.take().or_else(|| set.snippet(&one.place)));
    found
}

/// A set whose broken units count as far as they can be told, so that what is wrong elsewhere is told as well.
struct Legible<'a>(&'a UnitSet);

impl Catalogue for Legible<'_> {
    fn find(&self, name: &str) -> Entry<'_> {
        self.0.remains(name).map_or_else(|| self.0.find(name), Entry::Unit)
    }

    fn providers(&self, name: &str) -> Vec<UnitName> {
        Catalogue::providers(self.0, name)
    }

    fn own(&self) -> Option<&Path> {
        self.0.own()
    }
}

/// What is named is checked among its neighbours and the installed units, but only what is wrong with it is told.
fn check_paths(places: &Places, paths: &[PathBuf]) -> Vec<Diagnostic> {
    let directory = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf(),
    };
    let mut directories: Vec<PathBuf> = paths.iter().map(directory).collect::<BTreeSet<_>>().into_iter().collect();
    for installed in places.unit_directories() {
        if !directories.iter().any(|named| is_same(named, &installed)) {
            directories.push(installed);
        }
    }
    let (whole, files): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| path.is_dir());
    let is_asked = |file: &Path| {
        whole.iter().any(|directory| is_below(file, directory)) || files.iter().any(|asked| is_same(file, asked))
    };
    let settings = places.settings().0;
    let progress = Progress::begin("reading units");
    let set = UnitSet::load_with(&directories, &settings.reading());
    progress.tell("comparing units");
    let found = check_set(&set, Some(&is_asked), &is_asked);
    mem::forget(set);
    sorted(found)
}

/// What units that are checked together would claim together, if they are to be up together: nobody knows, so it is a
/// warning.
fn claims(set: &UnitSet, is_asked: OfFile<'_>) -> Vec<Diagnostic> {
    let mut found = set.check_claims_among(set.legible().filter(|unit| is_asked(&unit.place.file)));
    found.iter_mut().for_each(|one| one.severity = Severity::Warning);
    found
}

/// Whether a file is below a directory, as nearly every unit is by its very name.
fn is_below(file: &Path, directory: &Path) -> bool {
    let rest = file.as_os_str().as_bytes().strip_prefix(directory.as_os_str().as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/")) || file.starts_with(directory)
}

/// Two names of one file.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Whether something is true of a file; asked by several threads.
type OfFile<'a> = &'a (dyn Fn(&Path) -> bool + Sync);

/// What is wrong with a set. Edges that say nothing are told of `own` units only: others are not one's to mend.
fn check_set(set: &UnitSet, is_asked: Option<OfFile<'_>>, is_own: OfFile<'_>) -> Vec<Diagnostic> {
    let claimed = || is_asked.map_or_else(Vec::new, |is_asked| claims(set, is_asked));
    let rest = || at_once(true, || check_order(set, is_own), || check_units(set));
    let (mut found, (of_order, of_units)) = at_once(is_asked.is_some(), claimed, rest);
    found.extend(of_order.into_iter().chain(of_units));
    for diagnostic in &mut found {
        diagnostic.snippet = diagnostic.snippet.take().or_else(|| set.snippet(&diagnostic.place));
    }
    found.retain(|diagnostic| is_asked.is_none_or(|is_asked| is_asked(&diagnostic.place.file)));
    found
}

/// What is wrong with the order of all units.
fn check_order(set: &UnitSet, is_own: OfFile<'_>) -> Vec<Diagnostic> {
    let names: Vec<UnitName> = set.legible().map(|unit| unit.name.clone()).collect();
    let legible = Legible(set);
    let draft = Draft::new(&legible, &names);
    let knots = draft.knots();
    let mut found: Vec<Diagnostic> = knots.iter().map(|knot| knot.diagnostic()).collect();
    // In a circle everything implies everything.
    if knots.is_empty() {
        found.extend(draft.implied().into_iter().filter(|one| is_own(&one.place.file)));
    }
    found
}

/// What is wrong with units by themselves, and with what they name.
fn check_units(set: &UnitSet) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = set.diagnostics().to_vec();
    found.extend(set.check());
    found.extend(set.check_commands(Path::new("/")));
    found
}

/// By file; what is told as an error is not told as a warning again.
fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (&a.place, &a.message, a.severity).cmp(&(&b.place, &b.message, b.severity)));
    found.dedup_by(|later, first| {
        (&later.place, &later.message, &later.related) == (&first.place, &first.message, &first.related)
    });
    found
}
