//! `sunup check`: everything wrong with units and bundles, before it hurts.

mod paths;
mod unreachable;

use std::io::Write;
use std::mem;
use std::path::{Path, PathBuf};

use serde_json::json;
use units::{Bundle, Bundles, Diagnostic, Severity, UnitName, UnitSet, at_once};

use super::failure::{Failure, Outcome};
use super::progress::Progress;
use crate::graph::{Catalogue, Draft, Entry};
use crate::system::places::Places;

/// Checks the files and directories in `paths`, or what is installed. Exit 1 if anything is wrong, warnings aside.
pub fn run(places: &Places, paths: &[PathBuf], json: bool, out: &mut dyn Write) -> Outcome {
    if let Some(absent) = paths.iter().find(|path| path.symlink_metadata().is_err()) {
        return Err(Failure::usage(format!("{} does not exist", absent.display())));
    }
    let found = if paths.is_empty() { check_installed(places, json) } else { paths::check(places, paths) };
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
    found.extend(together(&set, bundles.all().values()));
    // The process ends: taking 100,000 units apart again would be a tenth of its work.
    mem::forget(set);
    sorted(found)
}

fn members(bundle: &Bundle) -> Vec<UnitName> {
    bundle.members.iter().map(|edge| edge.unit.clone()).collect()
}

/// What the units of one bundle cannot have together: units that conflict, and one name or address.
fn together<'a>(set: &UnitSet, bundles: impl IntoIterator<Item = &'a Bundle>) -> Vec<Diagnostic> {
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
    let mut found: Vec<Diagnostic> = bundles.into_iter().flat_map(in_one).collect();
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

/// Whether something is true of a file; asked by several threads.
type OfFile<'a> = &'a (dyn Fn(&Path) -> bool + Sync);

/// What units that are checked together would claim together, if they are to be up together: nobody knows, so it is a
/// warning.
fn claims(set: &UnitSet, is_asked: OfFile<'_>) -> Vec<Diagnostic> {
    let mut found = set.check_claims_among(set.legible().filter(|unit| is_asked(&unit.place.file)));
    found.iter_mut().for_each(|one| one.severity = Severity::Warning);
    found
}

/// What is wrong with a set. Edges that say nothing are told of `own` units only: others are not one's to mend.
fn check_set(set: &UnitSet, is_asked: Option<OfFile<'_>>, is_own: OfFile<'_>) -> Vec<Diagnostic> {
    let claimed = || is_asked.map_or_else(Vec::new, |is_asked| claims(set, is_asked));
    let rest = || at_once(true, || check_order(set, is_own), || check_units(set));
    let (mut found, (of_order, of_units)) = at_once(is_asked.is_some(), claimed, rest);
    found.extend(of_order.into_iter().chain(of_units));
    for diagnostic in &mut found {
        diagnostic.snippet = diagnostic.snippet.take().or_else(|| set.snippet(&diagnostic.place));
    }
    if let Some(is_asked) = is_asked {
        let is_related = |one: &Diagnostic| one.related.iter().any(|(place, _)| is_asked(&place.file));
        found.retain(|one| is_asked(&one.place.file) || is_related(one));
    }
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
