//! From a unit to what it waits for or misses, and on to the root.

use std::collections::{BTreeMap, BTreeSet};

use supervisor::state::State;
use units::{Edge, Unit, UnitName, UnitSet};

use super::said::Said;
use crate::command::failure::Failure;
use crate::command::states;
use crate::graph::{EdgeKind, Graph, UnitIndex};
use crate::record::state_file::StateFile;
use crate::request::target::{Sources, Target};
use crate::system::places::Places;

/// What a unit waits for that waits for no other.
const PROCESSOR: &str = "processors are busy with the starts of other units";
/// Why what has no state file is down.
const NEVER: &str = "nothing has begun it";

/// One unit of the chain.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// What it is.
    pub file: StateFile,
    /// It has a state of its own, and since when.
    pub has_begun: bool,
    /// Where it is said that it depends on the next one, and what.
    pub edge: Option<(String, String)>,
    /// What it said last, if it is the root.
    pub output: Vec<String>,
}

/// Everything that is known of what causes what.
pub(super) struct Causes {
    files: BTreeMap<String, StateFile>,
    set: UnitSet,
    graph: Graph,
    said: Said,
}

impl Causes {
    /// Reads states and units; the error is for a unit that nobody knows.
    pub fn read(places: &Places, unit: &str) -> Result<Self, Failure> {
        let files: BTreeMap<String, StateFile> =
            states::of_running(places)?.into_iter().map(|file| (file.unit.clone(), file)).collect();
        let sources = Sources {
            units: places.unit_directories(),
            bundles: places.bundle_directories(),
            reading: places.reading(),
            cache: None,
        };
        let others: Vec<String> = files.keys().cloned().collect();
        let named = [unit.to_owned()];
        let target = Target::load_to_stop(&sources, &named, &others).map_err(Failure::usage)?;
        let is_bundle = target.named.iter().any(|named| named.is_bundle);
        if is_bundle {
            return Err(Failure::usage(format!("{unit} is a bundle; ask why of one of its units")));
        }
        Ok(Self { files, graph: target.graph, set: target.set, said: Said::new(places.clone()) })
    }

    /// From the unit to the root cause.
    pub fn chain(&self, unit: &str) -> Vec<Link> {
        let (mut links, mut seen, mut next) = (Vec::new(), BTreeSet::new(), self.graph.index(unit));
        while let Some(number) = next.filter(|number| seen.insert(*number)) {
            let mut file = self.file(number);
            next = self.culprit(number, &file);
            if file.state == State::Waiting && next.is_none() {
                file.reason = Some(PROCESSOR.to_owned());
            }
            let has_begun = self.files.contains_key(&file.unit);
            if !has_begun {
                file.reason = Some(NEVER.to_owned());
            }
            let edge = next.and_then(|other| self.edge(number, other));
            let is_root = next.is_none();
            let output = if is_root && !file.state.is_up() { self.said.last(&self.set, &file) } else { Vec::new() };
            let output =
                if is_root && file.deaths > 0 && output.is_empty() { self.said.last(&self.set, &file) } else { output };
            links.push(Link { file, has_begun, edge, output });
        }
        links
    }

    /// What needs the unit, in turn, and is not down: that goes with it.
    pub fn dependents(&self, unit: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut stack: Vec<UnitIndex> = self.graph.index(unit).into_iter().collect();
        while let Some(number) = stack.pop() {
            for later in self.graph.successors(number).iter().filter(|later| later.kind == EdgeKind::Needs) {
                if self.file(later.unit).state != State::Down && found.insert(later.unit) {
                    stack.push(later.unit);
                }
            }
        }
        let mut names: Vec<String> = found.into_iter().map(|number| self.graph.name(number).to_owned()).collect();
        names.sort();
        names
    }

    fn file(&self, unit: UnitIndex) -> StateFile {
        let name = self.graph.name(unit);
        let kind = self.graph.vertex(unit).unit.as_ref().map_or("unknown", |unit| unit.kind.name());
        self.files.get(name).cloned().unwrap_or_else(|| StateFile::new(name, kind, State::Down, 0))
    }

    /// What the unit misses or waits for.
    fn culprit(&self, unit: UnitIndex, file: &StateFile) -> Option<UnitIndex> {
        let before = self.graph.predecessors(unit).iter();
        match file.state {
            State::Failed => self.named_in(file.reason.as_deref()?, "needs "),
            State::Degraded => self.named_in(file.reason.as_deref()?, "wants "),
            // Of several, the one that has been on its way for longest.
            State::Waiting => before
                .map(|first| first.unit)
                .chain(self.graph.conflicts(unit).iter().map(|conflict| conflict.unit))
                .map(|first| (first, self.file(first)))
                .filter(|(_, file)| matches!(file.state, State::Waiting | State::Starting | State::Stopping))
                .min_by_key(|(_, file)| (file.state == State::Waiting, file.since_ns))
                .map(|(first, _)| first),
            // What nothing has begun is not kept from being up.
            State::Down if self.files.contains_key(&file.unit) => self.rival(unit).or_else(|| self.missing(unit)),
            State::Down | State::Starting | State::Up | State::Stopping | State::Skipped => None,
        }
    }

    /// Who is up and may not be together with the unit.
    fn rival(&self, unit: UnitIndex) -> Option<UnitIndex> {
        let mut others = self.graph.conflicts(unit).iter().map(|conflict| conflict.unit);
        others.find(|other| matches!(self.file(*other).state, State::Up | State::Degraded | State::Starting))
    }

    /// What the unit needs and what is down as well.
    fn missing(&self, unit: UnitIndex) -> Option<UnitIndex> {
        let mut needed = self.graph.predecessors(unit).iter().filter(|first| first.kind == EdgeKind::Needs);
        needed.find(|first| self.file(first.unit).state == State::Down).map(|first| first.unit)
    }

    /// The unit that a reason names: `needs db, which failed`.
    fn named_in(&self, reason: &str, verb: &str) -> Option<UnitIndex> {
        let (name, _) = reason.strip_prefix(verb)?.split_once(", which ")?;
        self.graph.index(name)
    }

    /// Where a unit says that it depends on another.
    fn edge(&self, unit: UnitIndex, other: UnitIndex) -> Option<(String, String)> {
        let (text, other) = (self.graph.vertex(unit).unit.as_ref()?, self.graph.vertex(other));
        let lists: [(&[Edge], &str); 4] = [
            (&text.needs, "needs"),
            (&text.wants, "wants"),
            (&text.after, "is after"),
            (&text.conflicts, "conflicts with"),
        ];
        let means = |edge: &&Edge| edge.unit == other.name || provides(other.unit.as_deref(), &edge.unit);
        let found = lists.iter().find_map(|(edges, verb)| Some((edges.iter().find(means)?, verb)));
        if let Some((edge, verb)) = found {
            return Some((edge.place.to_string(), format!("{} {verb} {}", text.name, other.name)));
        }
        let theirs = other.unit.as_ref()?;
        let lists: [(&[Edge], &str); 2] = [(&theirs.before, "is before"), (&theirs.conflicts, "conflicts with")];
        let found =
            lists.iter().find_map(|(edges, verb)| Some((edges.iter().find(|edge| edge.unit == text.name)?, verb)));
        let (edge, verb) = found?;
        Some((edge.place.to_string(), format!("{} {verb} {}", other.name, text.name)))
    }
}

fn provides(unit: Option<&Unit>, name: &UnitName) -> bool {
    unit.is_some_and(|unit| unit.provides.iter().any(|(provided, _)| provided == name))
}
