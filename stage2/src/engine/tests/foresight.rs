//! What the engine foresees comes true: the [`super::world::World`] holds it to that at every step.

use std::collections::BTreeMap;

use supervisor::state::State;

use crate::engine::Engine;
use crate::engine::event::{Action, Event, UnitIndex};

/// What was foreseen, and is still to come true.
#[derive(Default)]
pub(super) struct Foreseen {
    after: BTreeMap<UnitIndex, Vec<UnitIndex>>,
    /// How often it did.
    pub came_true: usize,
}

impl Foreseen {
    /// Before a step: some events may overturn everything.
    pub fn before(&mut self, engine: &Engine, event: &Event) {
        if engine.overturns(event) {
            self.after.clear();
        }
    }

    /// Whoever has foreseen it is dead.
    pub fn forget(&mut self) {
        self.after.clear();
    }

    /// After it: a unit was begun if the last of those before it has got up, and else it waits.
    pub fn after(&mut self, engine: &Engine, actions: &[Action]) {
        let is_begun = |unit: UnitIndex| actions.contains(&Action::BringUp(unit));
        let has = |unit: &UnitIndex, states: &[State]| states.contains(&engine.state(*unit));
        self.after.retain(|_, after| {
            !after.iter().any(|first| has(first, &[State::Failed, State::Skipped, State::Down, State::Stopping]))
        });
        let came_true = &mut self.came_true;
        self.after.retain(|&unit, after| {
            let is_turn = after.iter().all(|first| has(first, &[State::Up, State::Degraded]));
            assert_eq!(is_begun(unit), is_turn, "{unit} after {after:?}");
            assert!(is_turn || engine.state(unit) == State::Waiting, "{unit} is {:?}", engine.state(unit));
            *came_true += usize::from(is_turn);
            !is_turn
        });
        let new = (0..engine.graph().len()).filter_map(|unit| Some((unit, engine.foresee(unit)?)));
        self.after.extend(new);
    }
}
