//! What would happen, in which order, and how long it takes.
//!
//! A plan is not computed beside the engine, where the two could drift apart: the engine itself runs, and everything it
//! asks for succeeds after as long as it took in earlier boots. Nothing here touches the system.

mod critical;
mod poke;
mod render;
mod simulate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use supervisor::state::State;
use units::Signal;

use crate::graph::{EdgeKind, Graph, UnitIndex};
pub use crate::request::Verb;
use crate::request::verdict::Goals;
pub use poke::NOBODY;
use simulate::Run;

/// One unit's part in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which unit.
    pub unit: String,
    /// What is done to it: start, stop, restart, reload or kill. A restart is one step, at the place where the unit comes
    /// up again.
    pub action: Verb,
    /// The earlier steps that it waits for, by their place in the plan, and why.
    pub after: Vec<(usize, EdgeKind)>,
    /// Milliseconds until it is up, as it took earlier; `None`: not known, or a stop.
    pub expected_ms: Option<u64>,
    /// Whether it lies on the longest path.
    pub critical: bool,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is asked for.
    pub verb: Verb,
    /// The bundle or the units, as the operator wrote them.
    pub target: String,
    /// The steps, in the order in which they begin.
    pub steps: Vec<Step>,
    /// Units that cannot be begun, with their reasons.
    pub failures: Vec<(String, String)>,
    /// Files that are written or removed before.
    pub files: Vec<FileChange>,
    /// What a kill sends.
    pub signal: Option<Signal>,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// `put back` or `remove`.
    pub action: &'static str,
    /// Which, below the administrator's directory.
    pub path: PathBuf,
}

impl Plan {
    /// Plans a verb on units of the graph, which are in these states now; a kill is [`Plan::of_kill`].
    ///
    /// `milliseconds` is how long units took earlier, by name; it may be empty.
    pub fn new(
        graph: &Graph,
        verb: Verb,
        target: &str,
        named: &[UnitIndex],
        states: impl Fn(UnitIndex) -> State,
        milliseconds: &BTreeMap<String, u64>,
    ) -> Self {
        let run = match verb {
            Verb::Reload => poke::reload(graph, named, states),
            _ => simulate::simulate(graph, verb, named, states, milliseconds),
        };
        Self::of_run(graph, verb, target, run, milliseconds)
    }

    /// Plans what is to become of several units at once, for changed files; all else is as for [`Plan::new`].
    pub fn of_goals(
        graph: &Graph,
        goals: &Goals,
        states: impl Fn(UnitIndex) -> State,
        milliseconds: &BTreeMap<String, u64>,
    ) -> Self {
        let run = simulate::change(graph, goals, states, milliseconds);
        Self::of_run(graph, Verb::Apply, "", run, milliseconds)
    }

    /// Plans a signal to units; `is_reached`: whether something of one runs.
    pub fn of_kill(
        graph: &Graph,
        target: &str,
        named: &[UnitIndex],
        signal: Signal,
        is_reached: impl Fn(UnitIndex) -> bool,
    ) -> Self {
        let run = poke::kill(graph, named, is_reached);
        Self { signal: Some(signal), ..Self::of_run(graph, Verb::Kill, target, run, &BTreeMap::new()) }
    }

    fn of_run(
        graph: &Graph,
        verb: Verb,
        target: &str,
        (order, failures): Run,
        milliseconds: &BTreeMap<String, u64>,
    ) -> Self {
        let place: BTreeMap<UnitIndex, usize> = order.iter().enumerate().map(|(at, step)| (step.0, at)).collect();
        let step = |&(unit, action): &(UnitIndex, Verb)| {
            let before = match action {
                Verb::Stop => graph.successors(unit),
                Verb::Reload | Verb::Kill => &[],
                _ => graph.predecessors(unit),
            };
            // What is stopped for a switch does not wait for what is started, nor the other way round.
            let is_alike = |at: usize| (order[at].1 == Verb::Stop) == (action == Verb::Stop);
            let after = before.iter().filter_map(|other| Some((*place.get(&other.unit)?, other.kind)));
            let mut after: Vec<(usize, EdgeKind)> = after.filter(|(at, _)| is_alike(*at)).collect();
            after.sort_unstable();
            let unit = graph.name(unit).to_owned();
            let comes_up = matches!(action, Verb::Start | Verb::Restart);
            let expected_ms = milliseconds.get(&unit).copied().filter(|_| comes_up);
            Step { unit, action, after, expected_ms, critical: false }
        };
        let mut steps: Vec<Step> = order.iter().map(step).collect();
        critical::mark(&mut steps);
        Self { verb, target: target.into(), steps, failures, files: Vec::new(), signal: None }
    }

    /// How long the longest path takes; `None`: of none of its steps it is known.
    pub fn expected_ms(&self) -> Option<u64> {
        let known = self.steps.iter().filter(|step| step.critical).filter_map(|step| step.expected_ms);
        known.reduce(u64::saturating_add)
    }
}
