//! Whether a request got where it was to get: its answer.

use std::collections::BTreeMap;

use supervisor::state::State;

use crate::engine::Engine;
use crate::engine::event::UnitIndex;
use crate::request::target::{Named, Target};
use crate::request::{Answer, Verb};

/// The answer to a request whose units have settled.
pub fn answer(verb: Verb, target: &Target, engine: &Engine) -> Answer {
    let all =
        target.named.iter().all(|named| named.units.iter().all(|unit| is_there(verb, named, engine.state(*unit))));
    let state = |unit: UnitIndex| (target.graph.name(unit).to_owned(), engine.state(unit).name().to_owned());
    let units: BTreeMap<String, String> = target.units().into_iter().map(state).collect();
    Answer::finished(all, units)
}

/// A unit that was named must be where it was told to be; of a bundle, what does not apply here may be skipped.
fn is_there(verb: Verb, named: &Named, state: State) -> bool {
    match verb {
        Verb::Start | Verb::Restart | Verb::Boot => state.is_up() || (named.is_bundle && state == State::Skipped),
        Verb::Stop | Verb::StopAll => state == State::Down || (named.is_bundle && state == State::Skipped),
    }
}

/// Units of a target that failed, whether they were named or only needed.
pub fn failed(target: &Target, engine: &Engine) -> Vec<String> {
    let failed = (0..target.graph.len()).filter(|unit| engine.state(*unit) == State::Failed);
    failed.map(|unit| target.graph.name(unit).to_owned()).collect()
}
