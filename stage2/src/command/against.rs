//! `sunup check --against OLD`: what a change of unit files would do to the running system.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use supervisor::state::State;
use units::{Bundles, Diagnostic, Unit, UnitSet};

use super::failure::{Failure, Outcome};
use super::states;
use crate::generation::{Change, Changes};
use crate::plan::{Plan, Verb};
use crate::request::target::{Sources, Target};
use crate::system::places::{BUNDLES, Places, UNITS};

/// What boots.
const DEFAULT: &str = "default";

/// What becomes of one unit or bundle.
struct Row {
    unit: String,
    /// `added`, `removed`, `changed`, `broken` or `depends`; of a bundle `bundle`.
    what: &'static str,
    /// `start`, `stop`, `restart` or `nothing now`; of a bundle `added`, `removed` or `changed`.
    action: &'static str,
    /// Why, where that is not plain.
    reason: Option<String>,
}

/// Compares the units in `old` with those in `paths`, or with the installed ones. A directory that has units and bundles in
/// directories of their own, as that of the administrator, is compared with both. Exit 1 if a unit is broken now that was
/// not.
///
/// Units are in the states of the running system; where none runs, as if all of the default bundle were up.
pub fn run(places: &Places, old: &Path, paths: &[PathBuf], json: bool, out: &mut dyn Write) -> Outcome {
    if let Some(wrong) = paths.iter().map(PathBuf::as_path).chain([old]).find(|path| !path.is_dir()) {
        return Err(Failure::usage(format!("{} is not a directory", wrong.display())));
    }
    let installed = places.unit_directories();
    let rest = if paths.is_empty() { &installed[1..] } else { &[] };
    let sources = |directories: &[PathBuf], rest: &[PathBuf]| Sources {
        units: [directories.iter().map(|directory| part(directory, UNITS)).collect(), rest.to_vec()].concat(),
        bundles: bundles(places, directories),
        reading: places.reading(),
        cache: None,
    };
    let old = sources(&[old.to_path_buf()], rest);
    let new = if paths.is_empty() { sources(&[], &installed) } else { sources(paths, &[]) };
    let rows = compare(&old, &new, &now(places, &old));
    let text = match json {
        true => format!("{:#}\n", rows.iter().map(Row::json).collect::<Value>()),
        false if rows.is_empty() => "nothing has changed\n".into(),
        false => rows.iter().map(Row::line).collect(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(rows.iter().any(|row| row.what == "broken")))
}

/// What a directory has in one of its own, or the directory itself.
fn part(directory: &Path, name: &str) -> PathBuf {
    Some(directory.join(name)).filter(|part| part.is_dir()).unwrap_or_else(|| directory.into())
}

/// The bundles beside the units of directories, before the installed ones, of which the administrator's do not count then.
fn bundles(places: &Places, directories: &[PathBuf]) -> Vec<PathBuf> {
    let own: Vec<PathBuf> =
        directories.iter().map(|directory| directory.join(BUNDLES)).filter(|part| part.is_dir()).collect();
    let installed = places.bundle_directories();
    if own.is_empty() { installed } else { [&own, &installed[1..]].concat() }
}

/// The states of the running system, or those that a boot of the old units would lead to.
fn now(places: &Places, old: &Sources) -> BTreeMap<String, State> {
    let running: BTreeMap<String, State> =
        states::read_all_now(places).into_iter().map(|file| (file.unit, file.state)).collect();
    if !running.is_empty() {
        return running;
    }
    let booted = Target::load(old, &[DEFAULT.to_owned()], &[]);
    let units = booted.iter().flat_map(|target| target.graph.vertices());
    units.map(|vertex| (vertex.name.to_string(), State::Up)).collect()
}

fn compare(old: &Sources, new: &Sources, now: &BTreeMap<String, State>) -> Vec<Row> {
    let state = |name: &str| now.get(name).copied().unwrap_or(State::Down);
    let changes: BTreeMap<String, Change> = Changes::between(old, new, DEFAULT, state).units.into_iter().collect();
    let (before, after) = (UnitSet::load_with(&old.units, &old.reading), UnitSet::load_with(&new.units, &new.reading));
    let mut rows = Vec::new();
    let names: BTreeSet<&str> =
        [&before, &after].iter().flat_map(|set| set.units().keys()).map(units::UnitName::as_str).collect();
    for name in names {
        let what = match (before.get(name).is_some(), after.get(name).is_some()) {
            (true, true) => "changed",
            (true, false) if after.broken().contains_key(name) => "broken",
            (true, false) => "removed",
            (false, _) => "added",
        };
        let change = changes.get(name);
        if change.is_some() || what != "changed" {
            let action = change.map_or(Change::Later.name(), |change| change.name());
            let errors = after.broken().get(name).and_then(|errors| errors.first());
            // One that only a bundle has left, or come into, is what it was.
            let keys = || Some(changed_keys(before.get(name)?, after.get(name)?)).filter(|keys| !keys.is_empty());
            rows.push(Row { unit: name.into(), what, action, reason: errors.map(Diagnostic::summary).or_else(keys) });
        }
    }
    for (change, verb, sources) in [(Change::Restart, Verb::Restart, new), (Change::Stop, Verb::Stop, old)] {
        rows.extend(dependents(&changes, change, verb, sources, now));
    }
    rows.sort_by(|one, other| one.unit.cmp(&other.unit));
    rows.dedup_by(|later, first| later.unit == first.unit);
    rows.extend(changed_bundles(old, before, new, after));
    rows
}

/// `run; needs +db -cache`: the keys that say something else, and of lists of units which.
fn changed_keys(before: &Unit, after: &Unit) -> String {
    let (old, new) = (keys(before), keys(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).collect();
    let edges = |unit: &Unit, key: &str| -> Option<BTreeSet<String>> {
        let edges = match key {
            "needs" => &unit.needs,
            "wants" => &unit.wants,
            "after" => &unit.after,
            "before" => &unit.before,
            "conflicts" => &unit.conflicts,
            _ => return None,
        };
        Some(edges.iter().map(|edge| edge.unit.to_string()).collect())
    };
    let tell = |key: &String| match (edges(before, key), edges(after, key)) {
        (Some(old), Some(new)) => format!("{key}{}", difference(&old, &new)),
        _ => key.clone(),
    };
    names.into_iter().map(tell).collect::<Vec<_>>().join("; ")
}

/// What a unit says, by key.
fn keys(unit: &Unit) -> BTreeMap<String, String> {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in unit.to_yaml().lines() {
        // A line of a script belongs to the key above it.
        if let Some((key, _)) = line.split_once(':').filter(|_| !line.starts_with(' ')) {
            last = key.into();
        }
        *keys.entry(last.clone()).or_default() += line;
    }
    keys
}

/// ` +db -cache`
fn difference(old: &BTreeSet<String>, new: &BTreeSet<String>) -> String {
    let added = new.difference(old).map(|name| format!(" +{name}"));
    added.chain(old.difference(new).map(|name| format!(" -{name}"))).collect()
}

/// Bundles that have other members.
fn changed_bundles(old: &Sources, mut before: UnitSet, new: &Sources, mut after: UnitSet) -> Vec<Row> {
    let (before, after) = (Bundles::load(&old.bundles, &mut before), Bundles::load(&new.bundles, &mut after));
    let members = |bundles: &Bundles, name: &str| -> BTreeSet<String> {
        bundles.get(name).into_iter().flat_map(|it| &it.members).map(|edge| edge.unit.to_string()).collect()
    };
    let names: BTreeSet<&String> = before.all().keys().chain(after.all().keys()).collect();
    let row = |name: &String| {
        let action = match (before.get(name), after.get(name)) {
            (Some(_), None) => "removed",
            (None, _) => "added",
            (Some(_), Some(_)) => "changed",
        };
        let difference = difference(&members(&before, name), &members(&after, name));
        let reason = Some(difference.trim_start().to_owned()).filter(|text| !text.is_empty());
        let is_news = action != "changed" || reason.is_some();
        is_news.then(|| Row { unit: name.clone(), what: "bundle", action, reason })
    };
    names.into_iter().filter_map(row).collect()
}

/// What is restarted or stopped besides, because it needs what is.
fn dependents(
    changes: &BTreeMap<String, Change>,
    change: Change,
    verb: Verb,
    sources: &Sources,
    now: &BTreeMap<String, State>,
) -> Vec<Row> {
    let names: Vec<String> =
        changes.iter().filter(|(_, other)| **other == change).map(|(name, _)| name.clone()).collect();
    let others: Vec<String> = now.keys().cloned().collect();
    let Ok(target) = Target::load(sources, &names, &others) else { return Vec::new() };
    let state = |unit| now.get(target.graph.name(unit)).copied().unwrap_or(State::Down);
    let plan = Plan::new(&target.graph, verb, "", &target.units(), state, &BTreeMap::new());
    let own = |name: &String| changes.get(name).is_some_and(|change| *change != Change::Later);
    let besides = plan.steps.into_iter().filter(|step| !own(&step.unit) && step.action == verb);
    let reason = Some(format!("needs {}", names.join(" or ")));
    besides.map(|step| Row { unit: step.unit, what: "depends", action: verb.name(), reason: reason.clone() }).collect()
}

impl Row {
    fn line(&self) -> String {
        let reason = self.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        format!("{:7}  {}: {}{reason}\n", self.what, self.unit, self.action)
    }

    fn json(&self) -> Value {
        json!({"unit": self.unit, "what": self.what, "action": self.action, "reason": self.reason})
    }
}
