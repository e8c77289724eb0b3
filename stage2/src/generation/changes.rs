//! What a new unit set would have the running system do, and no more: the smallest set of restarts.

use std::collections::BTreeSet;
use std::time::Duration;

use supervisor::state::State;
use units::{Bundles, Kind, Unit, UnitName, UnitSet};

use crate::request::target::Sources;

/// What becomes of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Its file is gone, or the bundle does not ask for it any more: it is stopped.
    Stop,
    /// What runs is not what its file says now: it is restarted, with what needs it.
    Restart,
    /// The bundle asks for it now: it is started.
    Start,
    /// Only what counts the next time has changed.
    Later,
}

impl Change {
    /// The word in plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Start => "start",
            Self::Later => "nothing now",
        }
    }
}

/// The differences of two unit sets that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// By unit, in the order of names.
    pub units: Vec<(String, Change)>,
}

impl Changes {
    /// From the set in force to the one that is there now. `state` is what a unit is now, `bundle` what is booted.
    pub fn between(old: &Sources, new: &Sources, bundle: &str, state: impl Fn(&str) -> State) -> Self {
        let (mut old_set, mut new_set) = (load(old), load(new));
        let old_members = members(old, bundle, &mut old_set);
        let new_members = members(new, bundle, &mut new_set);
        let names: BTreeSet<&UnitName> = old_set.units().keys().chain(new_set.units().keys()).collect();
        let judge = |name: &&UnitName| {
            let now = state(name.as_str());
            let runs = now.is_up() || now == State::Starting;
            let (before, after) = (old_set.get(name.as_str()), new_set.get(name.as_str()));
            let was_member = old_members.contains(name.as_str());
            let is_member = new_members.contains(name.as_str());
            let change = match (before, after) {
                (_, None) => runs.then_some(Change::Stop),
                (Some(_), Some(_)) if runs && was_member && !is_member => Some(Change::Stop),
                (Some(before), Some(after)) if runs && essence(before) != essence(after) => Some(Change::Restart),
                (_, Some(_)) if !runs && is_member && !was_member => Some(Change::Start),
                // A failed member whose file was mended is tried again.
                (Some(before), Some(after)) if now == State::Failed && is_member && text(before) != text(after) => {
                    Some(Change::Start)
                }
                (Some(before), Some(after)) => (text(before) != text(after)).then_some(Change::Later),
                (None, Some(_)) => None,
            };
            Some((name.to_string(), change?))
        };
        Self { units: names.iter().filter_map(judge).collect() }
    }

    /// The units of one kind of change.
    pub fn of(&self, change: Change) -> Vec<String> {
        self.units.iter().filter(|(_, other)| *other == change).map(|(unit, _)| unit.clone()).collect()
    }

    /// Nothing is to be done to anything that runs.
    pub fn is_idle(&self) -> bool {
        self.units.iter().all(|(_, change)| *change == Change::Later)
    }
}

fn load(sources: &Sources) -> UnitSet {
    UnitSet::load_with(&sources.units, &sources.reading)
}

fn members(sources: &Sources, bundle: &str, set: &mut UnitSet) -> BTreeSet<String> {
    let bundles = Bundles::load(&sources.bundles, set);
    let members = bundles.get(bundle).map(|bundle| bundle.members.clone()).unwrap_or_default();
    members.iter().map(|edge| edge.unit.to_string()).collect()
}

fn text(unit: &Unit) -> String {
    unit.to_yaml()
}

/// What runs, without what only counts for the order, the deadlines and the console.
fn essence(unit: &Unit) -> String {
    let mut unit = unit.clone();
    unit.description = unit.name.to_string();
    for edges in [&mut unit.needs, &mut unit.wants, &mut unit.after, &mut unit.before, &mut unit.conflicts] {
        edges.clear();
    }
    unit.provides.clear();
    unit.essential = false;
    unit.conditions.clear();
    unit.start_timeout = None;
    unit.stop_timeout = Duration::ZERO;
    // What a one-shot has done is done; how it is undone counts when it is.
    if let Kind::Oneshot(oneshot) = &mut unit.kind {
        oneshot.stop = None;
        oneshot.reload = None;
    }
    unit.to_yaml()
}
