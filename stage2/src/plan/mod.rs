//! What would happen, in which order, and how long it takes.
//!
//! A plan is not computed beside the engine, where the two could drift apart: the engine itself runs, and everything it
//! asks for succeeds after as long as it took in earlier boots. Nothing here touches the system.

mod critical;
mod render;
mod simulate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use supervisor::state::State;

use crate::graph::{EdgeKind, Graph, UnitIndex};
use crate::request::verdict::Goals;

/// What is to be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Bring the units up.
    Start,
    /// Take them down.
    Stop,
    /// Take them down, then bring them up again.
    Restart,
    /// Let those that are up read their configuration again.
    Reload,
    /// Bring them up, and take down what is up and not among what they bring in.
    Switch,
    /// Bring them up from nothing.
    Boot,
    /// Follow changed files: some down, some again, some up. It has no units to name.
    Apply,
}

impl Verb {
    /// Every verb that can be planned for units.
    pub const ALL: [Self; 6] = [Self::Start, Self::Stop, Self::Restart, Self::Reload, Self::Switch, Self::Boot];

    /// The word in plans and requests, also for what is done to one unit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Switch => "switch",
            Self::Boot => "boot",
            Self::Apply => "apply",
        }
    }
}

/// One unit's part in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which unit.
    pub unit: String,
    /// What is done to it: start, stop, restart or reload. A restart is one step, at the place where the unit comes up again.
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
    /// Plans a verb on units of the graph, which are in these states now.
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
            Verb::Reload => reloads(graph, named, states),
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

    fn of_run(
        graph: &Graph,
        verb: Verb,
        target: &str,
        (order, failures): simulate::Run,
        milliseconds: &BTreeMap<String, u64>,
    ) -> Self {
        let place: BTreeMap<UnitIndex, usize> = order.iter().enumerate().map(|(at, step)| (step.0, at)).collect();
        let step = |&(unit, action): &(UnitIndex, Verb)| {
            let before = match action {
                Verb::Stop => graph.successors(unit),
                Verb::Reload => &[],
                _ => graph.predecessors(unit),
            };
            // What is stopped for a switch does not wait for what is started, nor the other way round.
            let is_alike = |at: usize| (order[at].1 == Verb::Stop) == (action == Verb::Stop);
            let after = before.iter().filter_map(|other| Some((*place.get(&other.unit)?, other.kind)));
            let mut after: Vec<(usize, EdgeKind)> = after.filter(|(at, _)| is_alike(*at)).collect();
            after.sort_unstable();
            let unit = graph.name(unit).to_owned();
            let expected_ms = milliseconds.get(&unit).copied().filter(|_| !matches!(action, Verb::Stop | Verb::Reload));
            Step { unit, action, after, expected_ms, critical: false }
        };
        let mut steps: Vec<Step> = order.iter().map(step).collect();
        critical::mark(&mut steps);
        Self { verb, target: target.into(), steps, failures, files: Vec::new() }
    }

    /// How long the longest path takes; `None`: of none of its steps it is known.
    pub fn expected_ms(&self) -> Option<u64> {
        let known = self.steps.iter().filter(|step| step.critical).filter_map(|step| step.expected_ms);
        known.reduce(u64::saturating_add)
    }
}

/// Those that are up, in their order; a reload waits for nobody.
fn reloads(graph: &Graph, named: &[UnitIndex], states: impl Fn(UnitIndex) -> State) -> simulate::Run {
    let mut run = simulate::Run::default();
    for &unit in graph.order().iter().filter(|unit| named.contains(unit)) {
        match states(unit) {
            State::Up | State::Degraded => run.0.push((unit, Verb::Reload)),
            state => run.1.push((graph.name(unit).to_owned(), format!("not reloaded, because it is {}", state.name()))),
        }
    }
    run
}
