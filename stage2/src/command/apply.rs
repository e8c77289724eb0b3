//! `sunup apply`: the running system follows its unit files, with the smallest set of restarts.
//!
//! All or nothing: a unit set with an error in it changes nothing; one without becomes a generation, and what runs follows it
//! in one transaction.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use supervisor::state::State;
use units::{Bundles, Diagnostic, Severity, UnitName, UnitSet};

use super::asked::Options;
use super::failure::{Failure, Outcome};
use super::{ask, plan, states};
use crate::generation::{Change, Changes, Generations, Snapshot};
use crate::graph::Draft;
use crate::plan::Plan;
use crate::request::target::{Sources, Target};
use crate::request::verdict::Goals;
use crate::request::{Request, Verb};
use crate::system::places::{BUNDLES, Places};

/// The bundle whose members are started and stopped with their links.
const BUNDLE: &str = "default";

/// Has the running system follow the unit files. Exit 1 if they have errors, or not everything got there.
pub fn apply(places: &Places, options: &Options, out: &mut dyn Write) -> Outcome {
    if options.dry_run {
        return plan::write(&plan_now(places)?, if options.json { "json" } else { "text" }, out);
    }
    ask::reach(places)?;
    follow(places, None, options, out)
}

/// What [`apply`] would do.
pub(super) fn plan_now(places: &Places) -> Result<Plan, Failure> {
    ask::reach(places)?;
    let sources = sources(places);
    refuse_errors(places, &sources)?;
    let generations = Generations::new(places.generations());
    let snapshot = Snapshot::take(&sources, &places.etc);
    plan(places, &sources, &news(places, &generations, &sources, &snapshot))
}

/// The same as [`apply`], once it is known that there is an engine. The files may be those of a generation that is `likely`.
pub(super) fn follow(places: &Places, likely: Option<u64>, options: &Options, out: &mut dyn Write) -> Outcome {
    let sources = sources(places);
    refuse_errors(places, &sources)?;
    let generations = Generations::new(places.generations());
    let snapshot = Snapshot::take(&sources, &places.etc);
    let changes = news(places, &generations, &sources, &snapshot);
    show(&changes, options, out)?;
    let unable = |error| Failure::unable("keep the unit set", error);
    let likely: Vec<u64> = likely.into_iter().collect();
    let number = generations.keep(&snapshot, &likely).map_err(unable)?;
    if changes.is_idle() {
        generations.put_in_force(number).map_err(unable)?;
        return Ok(0);
    }
    ask::run(places, request(&changes, Some(number)), options, out)
}

/// What becomes of units if today's files are followed; nothing where they are in force.
fn news(places: &Places, generations: &Generations, sources: &Sources, snapshot: &Snapshot) -> Changes {
    let is_in_force = generations.current().is_some_and(|number| generations.holds(number, snapshot));
    if is_in_force { Changes::default() } else { changes(places, generations, sources) }
}

/// What becomes of units if these files follow those in force; nothing where no set was ever in force.
pub(super) fn changes(places: &Places, generations: &Generations, new: &Sources) -> Changes {
    let in_force = generations.current().and_then(|number| generations.sources(number, &new.reading));
    let Some(old) = in_force else { return Changes::default() };
    let now = states_by_name(places);
    Changes::between(&old, new, BUNDLE, |unit| now.get(unit).copied().unwrap_or(State::Down))
}

/// What a change of the unit set would do.
pub(super) fn plan(places: &Places, sources: &Sources, changes: &Changes) -> Result<Plan, Failure> {
    let (request, now) = (request(changes, None), states_by_name(places));
    let others: Vec<String> = now.keys().cloned().collect();
    let target = Target::load_to_stop(sources, &request.names(), &others).map_err(Failure::usage)?;
    let goals = Goals::of(&request, &target, |_| false);
    let state = |unit| now.get(target.graph.name(unit)).copied().unwrap_or(State::Down);
    Ok(Plan::of_goals(&target.graph, &goals, state, &plan::milliseconds(places)))
}

/// Where today's files are.
pub(super) fn sources(places: &Places) -> Sources {
    Sources {
        units: places.unit_directories(),
        bundles: places.bundle_directories(),
        reading: places.reading(),
        cache: None,
    }
}

/// Every error of a unit set, its bundles or its order, if there is one.
pub(super) fn refuse_errors(places: &Places, sources: &Sources) -> Result<(), Failure> {
    let mut set = UnitSet::load_with(&sources.units, &sources.reading);
    let bundles = Bundles::load(&sources.bundles, &mut set);
    let links: Vec<&Diagnostic> = bundles.diagnostics().iter().filter(|found| found.is_error()).collect();
    // What is wrong with a link is wrong with its unit, too.
    let units = set.broken().values().flatten().filter(|found| !links.contains(found)).map(ToString::to_string);
    let links = links.iter().map(|found| format!("{found}{}", remedy(places, found)));
    // What the distribution's units lack is not the operator's to mend.
    let own = |found: &Diagnostic| sources.units.first().is_some_and(|own| found.place.file.starts_with(own));
    let between = set.check().into_iter().filter(|found| found.is_error() && own(found)).map(|found| found.to_string());
    let roots: Vec<UnitName> = set.units().keys().cloned().collect();
    let draft = Draft::new(&set, &roots);
    let knots = draft.knots();
    let circles = knots.iter().map(|knot| knot.diagnostic().to_string());
    let errors: Vec<String> = units.chain(links).chain(between).chain(circles).collect();
    if errors.is_empty() {
        return Ok(());
    }
    let message = format!("unable to apply: the units have errors (nothing was changed)\n{}", errors.join("\n"));
    Err(Failure { message, code: 1 })
}

/// How to be rid of an administrator's link that leads to nothing.
fn remedy(places: &Places, found: &Diagnostic) -> String {
    let link: &Path = &found.place.file;
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let names = name(link).zip(link.parent().and_then(name));
    let is_dangling = link.is_symlink() && !link.exists() && link.starts_with(places.etc.join(BUNDLES));
    let Some((unit, bundle)) = names.filter(|_| is_dangling && found.severity == Severity::Error) else {
        return String::new();
    };
    let unit = unit.strip_suffix(".yaml").unwrap_or(&unit);
    let option = if bundle == BUNDLE { String::new() } else { format!("--bundle {bundle} ") };
    format!("\n  sunup disable {option}{unit} removes the link")
}

fn request(changes: &Changes, generation: Option<u64>) -> Request {
    Request {
        restart: changes.of(Change::Restart),
        stop: changes.of(Change::Stop),
        generation,
        ..Request::new(Verb::Apply, changes.of(Change::Start))
    }
}

fn states_by_name(places: &Places) -> BTreeMap<String, State> {
    states::read_all_now(places).into_iter().map(|file| (file.unit, file.state)).collect()
}

fn show(changes: &Changes, options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    if changes.units.is_empty() {
        return say(options, out, "nothing has changed\n");
    }
    let lines = changes.units.iter().map(|(unit, change)| format!("{:11}  {unit}\n", change.name()));
    say(options, out, &lines.collect::<String>())
}

/// Writes what is for people only.
pub(super) fn say(options: &Options, out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    if options.quiet || options.json {
        return Ok(());
    }
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))
}
