//! `sunup list`: units and bundles that are there, and where they come from.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;
use units::{Bundles, UnitSet};

use super::failure::{Failure, Outcome};
use super::states;
use crate::system::places::Places;

/// Writes one line a unit (name, kind, state, place, description), then one a bundle with its members.
pub fn run(places: &Places, json: bool, out: &mut dyn Write) -> Outcome {
    let mut set = UnitSet::load_with(&places.unit_directories(), &places.reading());
    let bundles = Bundles::load(&places.bundle_directories(), &mut set);
    let now: BTreeMap<String, &str> =
        states::read_all_now(places).into_iter().map(|file| (file.unit, file.state.name())).collect();
    let text = if json { json_text(&set, &bundles, &now) } else { table(&set, &bundles, &now) };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn table(set: &UnitSet, bundles: &Bundles, now: &BTreeMap<String, &str>) -> String {
    let names = set.units().keys().chain(set.broken().keys());
    let width = names.map(|name| name.as_str().len()).max().unwrap_or(0);
    let state = |name: &str| now.get(name).copied().unwrap_or("-");
    let mut text = String::new();
    for unit in set.units().values() {
        let (name, kind) = (unit.name.as_str(), unit.kind.name());
        text += &format!("{name:width$}  {kind:9}  {:8}  {}  {}\n", state(name), unit.place, unit.description);
    }
    for (name, errors) in set.broken() {
        let first = errors.first().map(units::Diagnostic::summary).unwrap_or_default();
        text += &format!("{:width$}  {:9}  {:8}  {first}\n", name.as_str(), "broken", state(name.as_str()));
    }
    for bundle in bundles.all().values() {
        let members: Vec<&str> = bundle.members.iter().map(|edge| edge.unit.as_str()).collect();
        text += &format!("{:width$}  {:9}  {}\n", bundle.name, "bundle", members.join(" "));
    }
    text
}

fn json_text(set: &UnitSet, bundles: &Bundles, now: &BTreeMap<String, &str>) -> String {
    let units = set.units().values().map(|unit| {
        let name = unit.name.as_str();
        json!({"unit": name, "kind": unit.kind.name(), "state": now.get(name), "place": unit.place.to_string(),
               "description": unit.description})
    });
    let broken = set.broken().iter().map(|(name, errors)| {
        let errors: Vec<String> = errors.iter().map(units::Diagnostic::summary).collect();
        json!({"unit": name.as_str(), "kind": "broken", "state": now.get(name.as_str()), "errors": errors})
    });
    let bundles = bundles.all().values().map(|bundle| {
        let members: Vec<&str> = bundle.members.iter().map(|edge| edge.unit.as_str()).collect();
        json!({"bundle": bundle.name, "place": bundle.directory.display().to_string(), "members": members})
    });
    let all: Vec<_> = units.chain(broken).chain(bundles).collect();
    format!("{:#}\n", serde_json::Value::Array(all))
}
