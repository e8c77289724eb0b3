//! What a request means for each unit, and whether it got there: its answer.

use std::collections::{BTreeMap, BTreeSet};

use supervisor::state::State;

use crate::engine::Engine;
use crate::engine::event::UnitIndex;
use crate::request::target::Target;
use crate::request::{Answer, Request, Verb};

/// What is to become of units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goals {
    /// These are to come up.
    pub up: Vec<UnitIndex>,
    /// These are to go down and come up again.
    pub again: Vec<UnitIndex>,
    /// These are to go down.
    pub down: Vec<UnitIndex>,
    /// Files name them, and no operator does.
    pub by_files: bool,
}

impl Goals {
    /// What a request asks for. `is_there`: which units are up, or on their way.
    pub fn of(request: &Request, target: &Target, is_there: impl Fn(UnitIndex) -> bool) -> Self {
        let units = target.units();
        match request.verb {
            Verb::Start | Verb::Boot => Self { up: units, ..Self::default() },
            Verb::Restart => Self { again: units, ..Self::default() },
            Verb::Stop | Verb::StopAll => Self { down: units, ..Self::default() },
            Verb::Reload | Verb::Kill => Self::default(),
            Verb::Switch => {
                let wanted = closure(target, &units);
                let others = (0..target.graph.len()).filter(|unit| is_there(*unit) && !wanted.contains(unit));
                Self { down: others.collect(), up: units, ..Self::default() }
            }
            Verb::Apply => {
                let numbers = |names: &[String]| -> Vec<UnitIndex> {
                    names.iter().filter_map(|name| target.graph.index(name)).collect()
                };
                let [up, again, down] = [&request.units, &request.restart, &request.stop].map(|names| numbers(names));
                Self { up, again, down, by_files: true }
            }
        }
    }
}

/// Units, and all that they need and want, in turn.
fn closure(target: &Target, units: &[UnitIndex]) -> BTreeSet<UnitIndex> {
    let (mut found, mut stack) = (BTreeSet::new(), units.to_vec());
    while let Some(unit) = stack.pop() {
        if found.insert(unit) {
            stack.extend_from_slice(target.graph.pulls(unit));
        }
    }
    found
}

/// The answer to a request whose units have settled: a unit that was named must be where it was told to be; of a bundle, and
/// of what follows its files, what does not apply here may be skipped.
pub fn answer(goals: &Goals, target: &Target, engine: &Engine) -> Answer {
    let is_there = |unit: UnitIndex, is_bundle: bool| {
        let state = engine.state(unit);
        let is_reached = if goals.down.contains(&unit) { state == State::Down } else { state.is_up() };
        is_reached || ((is_bundle || goals.by_files) && state == State::Skipped)
    };
    let all = target.named.iter().all(|named| named.units.iter().all(|unit| is_there(*unit, named.is_bundle)));
    let others = goals.down.iter().all(|unit| matches!(engine.state(*unit), State::Down | State::Skipped));
    let state = |unit: UnitIndex| (target.graph.name(unit).to_owned(), engine.state(unit).name().to_owned());
    let units: BTreeMap<String, String> = target.units().into_iter().map(state).collect();
    Answer::finished(all && others, units)
}

/// Units of a target that failed, whether they were named or only needed.
pub fn failed(target: &Target, engine: &Engine) -> Vec<String> {
    let failed = (0..target.graph.len()).filter(|unit| engine.state(*unit) == State::Failed);
    failed.map(|unit| target.graph.name(unit).to_owned()).collect()
}
