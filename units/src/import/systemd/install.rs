//! `[Install]` → bundles and further names.

use super::file::{Setting, words};
use super::names;
use super::relations::together;
use crate::UnitName;
use crate::import::report::Verdict;
use crate::import::sketch::Sketch;

/// Takes a line; `None`: its key is not known.
pub(super) fn take(setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
    match setting.key.as_str() {
        "WantedBy" | "RequiredBy" | "UpheldBy" => {
            let targets = setting.value.split_whitespace();
            let verdicts: Vec<Verdict> = targets.map(|target| member(&setting.key, target, sketch)).collect();
            Some(if verdicts.is_empty() { Verdict::kept("empty") } else { together(verdicts) })
        }
        "Also" => Some(Verdict::approximated("import and enable it too")),
        "Alias" => Some(alias(&setting.value, sketch)),
        "DefaultInstance" if !sketch.name.is_template() => Some(Verdict::dropped("it is no template")),
        "DefaultInstance" => Some(Verdict::approximated(format!("sunup enable {}{}", sketch.name, setting.value))),
        _ => None,
    }
}

/// Puts the unit where one target has it.
fn member(key: &str, target: &str, sketch: &mut Sketch) -> Verdict {
    match names::bundle(target) {
        Some((bundle, _)) if sketch.name.is_template() => {
            Verdict::approximated(format!("an instance belongs into the bundle {bundle}"))
        }
        Some((bundle, is_it)) => {
            sketch.bundle(bundle);
            match is_it {
                true => Verdict::kept(format!("in the bundle {bundle}")),
                false => Verdict::approximated(format!("in the bundle {bundle} for {target}")),
            }
        }
        None => {
            let key = if key == "RequiredBy" { "needs" } else { "wants" };
            let decision = format!("write {} into {key} of {target}'s unit", sketch.name);
            Verdict::approximated(format!("{target} must name it")).decide(decision)
        }
    }
}

/// The further names of a file's unit.
pub(super) fn aliases(settings: &[Setting]) -> impl Iterator<Item = &str> {
    words(settings, "Install", "Alias").filter_map(|name| name.strip_suffix(".service"))
}

/// Further names of a unit; those of another kind of unit, and of instances, are no names here.
fn alias(value: &str, sketch: &mut Sketch) -> Verdict {
    let names: Vec<&str> = value.split_whitespace().collect();
    let own = sketch.name.clone();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".service")).filter(|name| !name.contains('@'));
    let known: Vec<&str> =
        stems.filter(|name| UnitName::new(name).is_ok() && *name != own.as_str() && !own.is_template()).collect();
    known.iter().for_each(|name| sketch.provide(name));
    match (known.len() == names.len(), known.is_empty()) {
        (true, _) => Verdict::kept("as provides"),
        (false, false) => Verdict::approximated(format!("as provides: {}", known.join(" "))),
        (false, true) => Verdict::dropped("no name that provides could have"),
    }
}
