//! `sunup plan`: what a verb would do, in which order, and how long it takes.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use supervisor::paths::run;
use supervisor::state::State;
use units::{Kind, nearest};

use super::failure::{Failure, Outcome};
use super::{apply, critical_path, enable, rollback, states};
use crate::graph::Vertex;
use crate::plan::{Plan, Verb};
use crate::record::durations::Durations;
use crate::request::target::{Sources, Target};
use crate::request::{Request, refusal};
use crate::service::{Reach, SupervisedService};
use crate::system::cgroup::CgroupRoot;
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
    /// Of `kill`: the signal's name or number.
    pub signal: Option<String>,
}

/// The verbs that act on named units.
const VERBS: [Verb; 7] = [Verb::Start, Verb::Stop, Verb::Restart, Verb::Reload, Verb::Kill, Verb::Switch, Verb::Boot];

/// The other verbs.
const OTHERS: [&str; 4] = ["apply", "rollback", "enable", "disable"];

/// Writes the plan. `plan TARGET` and `plan boot TARGET` are a boot of it, from nothing; `plan VERB UNIT…` begins at the
/// states of now; `plan apply`, `rollback`, `enable` and `disable` are those verbs' `--dry-run`. Exit 1 if something in it
/// cannot be begun, waits for itself in a circle, or conflicts; what the engine would refuse is refused in its words.
pub fn run(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    if asked.signal.is_some() && asked.words.first().is_none_or(|verb| verb != Verb::Kill.name()) {
        return Err(Failure::usage("--signal is for kill"));
    }
    let words: Vec<&str> = asked.words.iter().map(String::as_str).collect();
    match words[..] {
        ["apply"] => write(&apply::plan_now(places)?, &asked.format, out),
        ["rollback"] => write(&rollback::plan(places, None)?, &asked.format, out),
        ["rollback", number] => {
            let number = number.parse().map_err(|_| Failure::usage(format!("no generation: '{number}'")))?;
            write(&rollback::plan(places, Some(number))?, &asked.format, out)
        }
        ["apply", ..] => Err(Failure::usage("apply takes no units: it acts on everything that has changed")),
        ["rollback", ..] => Err(Failure::usage("rollback takes one generation")),
        [verb @ ("enable" | "disable")] => Err(nameless(verb)),
        ["enable" | "disable", ..] => links(places, asked, out),
        _ => of_units(places, asked, out),
    }
}

/// `enable` and `disable` act on nothing but links.
fn links(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let act = if asked.words[0] == "enable" { enable::enable } else { enable::disable };
    let (units, bundle) = (asked.words[1..].to_vec(), "default".to_owned());
    act(places, &enable::Asked { units, bundle, dry_run: true, json: asked.format == "json" }, out)
}

/// Writes a plan as `text`, `json` or `dot`. Exit 1 if something in it cannot be begun.
pub(super) fn write(plan: &Plan, format: &str, out: &mut dyn Write) -> Outcome {
    let text = match format {
        "json" => plan.json() + "\n",
        "dot" => plan.dot(),
        _ => plan.text(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(!plan.failures.is_empty()))
}

fn of_units(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let (verb, names) = understand(&asked.words)?;
    let now: BTreeMap<String, State> = match verb == Verb::Boot {
        true => BTreeMap::new(),
        false => states::read_all_now(places).into_iter().map(|file| (file.unit, file.state)).collect(),
    };
    let others: Vec<String> =
        now.iter().filter(|(_, state)| **state != State::Down).map(|(unit, _)| unit.clone()).collect();
    let sources = Sources {
        units: [&asked.units[..], &places.unit_directories()].concat(),
        bundles: [&asked.bundles[..], &places.bundle_directories()].concat(),
        reading: places.reading(),
        cache: asked.units.is_empty().then(|| places.units_cache()),
    };
    let request = Request { signal: asked.signal.clone(), ..Request::new(verb, names) };
    let target = refusal::resolve(&request, &sources, &others, false)
        .map_err(|answer| Failure { message: answer.error.unwrap_or_default(), code: answer.exit })
        .map_err(|failure| verb_meant(asked, &sources).unwrap_or(failure))?;
    let title = request.units.join(" ");
    let plan = if verb == Verb::Kill {
        let signal = request.signal().map_err(Failure::usage)?;
        let cgroups = CgroupRoot::published(&places.run);
        let is_reached = |unit| is_reached(places, cgroups.as_ref(), target.graph.vertex(unit));
        Plan::of_kill(&target.graph, &title, &target.units(), signal, is_reached)
    } else {
        let state = |unit| now.get(target.graph.name(unit)).copied().unwrap_or(State::Down);
        Plan::new(&target.graph, verb, &title, &target.units(), state, &milliseconds(places))
    };
    let code = write(&plan, &asked.format, out)?;
    for cut in &target.cuts {
        eprintln!("sunup: warning: {} (the boot would leave this edge out)", cut.diagnostic().summary());
    }
    let clashes = if verb == Verb::Boot { target.graph.clashes(&target.units()) } else { Vec::new() };
    clashes.iter().for_each(|clash| eprintln!("sunup: error: {}", clash.diagnostic));
    Ok(code.max(u8::from(!target.cuts.is_empty() || !clashes.is_empty())))
}

/// Whether a signal to a unit reaches anybody.
fn is_reached(places: &Places, cgroups: Option<&CgroupRoot>, vertex: &Vertex) -> bool {
    let Vertex { name, unit, .. } = vertex;
    let leaf = cgroups.map(|root| root.leaf(name.as_str()));
    let is_oneshot = unit.as_ref().is_some_and(|unit| !matches!(unit.kind, Kind::Longrun(_)));
    let service = (!is_oneshot).then(|| SupervisedService::new(places.service(name.as_str())));
    Reach::find(unit.as_deref(), leaf.as_deref(), service.as_ref()).is_some()
}

/// The verb and the names. A target without a verb is a boot of it.
fn understand(words: &[String]) -> Result<(Verb, Vec<String>), Failure> {
    let verb = VERBS.into_iter().find(|verb| words.first().is_some_and(|word| word == verb.name()));
    match (verb, words) {
        (Some(verb), [_, names @ ..]) if !names.is_empty() => Ok((verb, names.to_vec())),
        (Some(Verb::Boot), _) | (_, []) => Ok((Verb::Boot, vec!["default".to_owned()])),
        (Some(verb), _) => Err(nameless(verb.name())),
        (_, names) => Ok((Verb::Boot, names.to_vec())),
    }
}

fn nameless(verb: &str) -> Failure {
    Failure::usage(format!("{verb} what? name at least one unit"))
}

/// The refusal of a first word that names nothing but is a slip of a verb.
fn verb_meant(asked: &Asked, sources: &Sources) -> Option<Failure> {
    let word = asked.words.first()?;
    let verbs = VERBS.iter().map(|verb| verb.name()).chain(OTHERS);
    let meant = nearest(word, verbs).filter(|meant| meant != word)?;
    Target::load(sources, std::slice::from_ref(word), &[]).err()?;
    Some(Failure::usage(format!("no verb, unit or bundle is named '{word}' (did you mean \"{meant}\"?)")))
}

/// How long units took in earlier boots; those that no earlier boot knows, in this one.
pub(super) fn milliseconds(places: &Places) -> BTreeMap<String, u64> {
    let mut milliseconds = critical_path::milliseconds(&places.run.join(run::TIMELINE));
    milliseconds.extend(Durations::read(&places.durations()).milliseconds().clone());
    milliseconds
}
