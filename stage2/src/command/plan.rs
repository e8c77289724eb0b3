//! `sunup plan`: what a verb would do, in which order, and how long it takes.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use supervisor::paths::run;
use supervisor::state::State;

use super::failure::{Failure, Outcome};
use super::{critical_path, states};
use crate::plan::{Plan, Verb};
use crate::request::target::{Sources, Target};
use crate::system::places::Places;

/// What is asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// A verb and units, or a target.
    pub words: Vec<String>,
    /// `text`, `json` or `dot`; empty is text.
    pub format: String,
    /// Directories of units before the installed ones.
    pub units: Vec<PathBuf>,
    /// Directories of bundles before the installed ones.
    pub bundles: Vec<PathBuf>,
}

/// Writes the plan. `plan TARGET` is a boot of it, from nothing; `plan VERB UNIT…` begins at the states of now. Exit 1 if
/// something in it cannot be begun, or waits for itself in a circle.
pub fn run(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let (verb, names, is_boot) = understand(&asked.words);
    let now: BTreeMap<String, State> = match is_boot {
        true => BTreeMap::new(),
        false => states::read_all_now(places).into_iter().map(|file| (file.unit, file.state)).collect(),
    };
    let others: Vec<String> = now.keys().cloned().collect();
    let sources = Sources {
        units: [&asked.units[..], &places.unit_directories()].concat(),
        bundles: [&asked.bundles[..], &places.bundle_directories()].concat(),
        reading: places.reading(),
    };
    let target = Target::load(&sources, &names, &others).map_err(Failure::usage)?;
    let state = |unit| now.get(target.graph.name(unit)).copied().unwrap_or(State::Down);
    let milliseconds = critical_path::milliseconds(&places.run.join(run::TIMELINE));
    let plan = Plan::new(&target.graph, verb, &names.join(" "), &target.units(), state, &milliseconds);
    let text = match asked.format.as_str() {
        "json" => plan.json() + "\n",
        "dot" => plan.dot(),
        _ => plan.text(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    for cut in &target.cuts {
        eprintln!("sunup: warning: {} (the boot would leave this edge out)", cut.diagnostic().summary());
    }
    Ok(u8::from(!plan.failures.is_empty() || !target.cuts.is_empty()))
}

/// The verb, the names, and whether it is a boot.
fn understand(words: &[String]) -> (Verb, Vec<String>, bool) {
    let verb = [Verb::Start, Verb::Stop, Verb::Restart]
        .into_iter()
        .find(|verb| words.first().is_some_and(|w| w == verb.name()));
    match (verb, words) {
        (Some(verb), [_, names @ ..]) if !names.is_empty() => (verb, names.to_vec(), false),
        (_, []) => (Verb::Start, vec!["default".to_owned()], true),
        (_, names) => (Verb::Start, names.to_vec(), true),
    }
}
