//! `sunup apply` and `sunup rollback`: the running system follows its unit files, with the smallest set of restarts.
//!
//! All or nothing: a unit set with an error in it changes nothing; one without becomes a generation, and what runs follows it
//! in one transaction.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;
use supervisor::state::State;
use units::{Bundles, Severity, UnitName, UnitSet};

use super::asked::Options;
use super::failure::{Failure, Outcome};
use super::{ask, states};
use crate::generation::{Change, Changes, Generations, Snapshot};
use crate::graph::Draft;
use crate::request::target::Sources;
use crate::request::{Request, Verb};
use crate::system::places::Places;

/// The bundle whose members are started and stopped with their links.
const BUNDLE: &str = "default";

/// Has the running system follow the unit files. Exit 1 if they have errors, or not everything got there.
pub fn apply(places: &Places, options: &Options, out: &mut dyn Write) -> Outcome {
    let sources = sources(places);
    refuse_errors(&sources)?;
    let generations = Generations::new(places.generations());
    let in_force =
        generations.current().and_then(|number| Some((number, generations.sources(number, &sources.reading)?)));
    let snapshot = Snapshot::take(&sources);
    let changes = match &in_force {
        Some((number, _)) if generations.holds(*number, &snapshot) => Changes::default(),
        Some((_, old)) => {
            let now: BTreeMap<String, State> =
                states::read_all_now(places).into_iter().map(|file| (file.unit, file.state)).collect();
            Changes::between(old, &sources, BUNDLE, |unit| now.get(unit).copied().unwrap_or(State::Down))
        }
        None => Changes::default(),
    };
    show(&changes, options, out)?;
    if options.dry_run {
        return Ok(0);
    }
    let unable = |error| Failure::unable("keep the unit set", error);
    let number = generations.keep(&snapshot, &[]).map_err(unable)?;
    if changes.is_idle() {
        generations.put_in_force(number).map_err(unable)?;
        return Ok(0);
    }
    let request = Request {
        restart: changes.of(Change::Restart),
        stop: changes.of(Change::Stop),
        generation: Some(number),
        ..Request::new(Verb::Apply, changes.of(Change::Start))
    };
    ask::run(places, request, options, out)
}

/// Puts the administrator's files back as they were before the last `apply` or boot with other files, and follows them.
pub fn rollback(places: &Places, options: &Options, out: &mut dyn Write) -> Outcome {
    let generations = Generations::new(places.generations());
    let Some(number) = generations.previous() else {
        return Err(Failure { message: "there is no earlier unit set to go back to".into(), code: 1 });
    };
    say(options, out, &format!("back to generation {number}\n"))?;
    if options.dry_run {
        return Ok(0);
    }
    let restored = generations.restore(number, &places.etc.join("units"), &places.etc.join("bundles"));
    restored.map_err(|error| Failure::unable(format!("put generation {number} back"), error))?;
    apply(places, options, out)
}

fn sources(places: &Places) -> Sources {
    Sources {
        units: places.unit_directories(),
        bundles: places.bundle_directories(),
        reading: places.reading(),
        cache: None,
    }
}

/// The first error of a unit set, its bundles or its order, if there is one.
fn refuse_errors(sources: &Sources) -> Result<(), Failure> {
    let mut set = UnitSet::load_with(&sources.units, &sources.reading);
    let bundles = Bundles::load(&sources.bundles, &mut set);
    let broken = set.broken().values().flatten().map(ToString::to_string);
    let links = bundles.diagnostics().iter().filter(|found| found.severity == Severity::Error).map(ToString::to_string);
    let roots: Vec<UnitName> = set.units().keys().cloned().collect();
    let draft = Draft::new(&set, &roots);
    let knots = draft.knots();
    let circles = knots.iter().map(|knot| knot.diagnostic().to_string());
    let errors: Vec<String> = broken.chain(links).chain(circles).collect();
    match errors.is_empty() {
        true => Ok(()),
        false => {
            let message =
                format!("unable to apply: the units have errors (nothing was changed)\n{}", errors.join("\n"));
            Err(Failure { message, code: 1 })
        }
    }
}

fn show(changes: &Changes, options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    if options.json && options.dry_run {
        let units = changes.units.iter().map(|(unit, change)| json!({"unit": unit, "action": change.name()}));
        let text = json!({"v": 1, "changes": units.collect::<Vec<_>>()});
        return writeln!(out, "{text}").map_err(|e| Failure::unable("write", e));
    }
    if changes.units.is_empty() {
        return say(options, out, "nothing has changed\n");
    }
    let lines = changes.units.iter().map(|(unit, change)| format!("{:11}  {unit}\n", change.name()));
    say(options, out, &lines.collect::<String>())
}

fn say(options: &Options, out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    if options.quiet || options.json {
        return Ok(());
    }
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))
}
