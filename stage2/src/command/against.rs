//! `sunup check --against OLD`: what a change of unit files would do to the running system.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use supervisor::state::State;
use units::{Diagnostic, UnitSet};

use super::failure::{Failure, Outcome};
use super::states;
use crate::generation::{Change, Changes};
use crate::plan::{Plan, Verb};
use crate::request::target::{Sources, Target};
use crate::system::places::Places;

/// What boots.
const DEFAULT: &str = "default";

/// What becomes of one unit.
struct Row {
    unit: String,
    /// `added`, `removed`, `changed`, `broken` or `depends`.
    what: &'static str,
    /// `start`, `stop`, `restart` or `nothing now`.
    action: &'static str,
    /// Why, where that is not plain.
    reason: Option<String>,
}

/// Compares the units in `old` with those in `paths`, or with the installed ones. Exit 1 if a unit is broken now that was
/// not.
///
/// Units are in the states of the running system; where none runs, as if all of the default bundle were up.
pub fn run(places: &Places, old: &Path, paths: &[PathBuf], json: bool, out: &mut dyn Write) -> Outcome {
    if let Some(wrong) = paths.iter().map(PathBuf::as_path).chain([old]).find(|path| !path.is_dir()) {
        return Err(Failure::usage(format!("{} is not a directory", wrong.display())));
    }
    let installed = places.unit_directories();
    let rest = if paths.is_empty() { &installed[1..] } else { &[] };
    let sources = |units: Vec<PathBuf>| Sources {
        units,
        bundles: places.bundle_directories(),
        reading: places.reading(),
        cache: None,
    };
    let old = sources([&[old.to_path_buf()], rest].concat());
    let new = sources(if paths.is_empty() { installed.clone() } else { paths.to_vec() });
    let rows = compare(&old, &new, &now(places, &old));
    let text = match json {
        true => format!("{:#}\n", rows.iter().map(Row::json).collect::<Value>()),
        false if rows.is_empty() => "nothing has changed\n".into(),
        false => rows.iter().map(Row::line).collect(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(rows.iter().any(|row| row.what == "broken")))
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
            rows.push(Row { unit: name.into(), what, action, reason: errors.map(Diagnostic::summary) });
        }
    }
    for (change, verb, sources) in [(Change::Restart, Verb::Restart, new), (Change::Stop, Verb::Stop, old)] {
        rows.extend(dependents(&changes, change, verb, sources, now));
    }
    rows.sort_by(|one, other| one.unit.cmp(&other.unit));
    rows.dedup_by(|later, first| later.unit == first.unit);
    rows
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
