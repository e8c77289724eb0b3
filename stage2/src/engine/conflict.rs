//! Units that are never up together.

use std::collections::HashSet;

use supervisor::state::State;

use super::Engine;
use super::event::UnitIndex;

impl Engine {
    /// Takes down what conflicts with units that are to come up, and what needs it. Of two that are asked for together
    /// neither stops the other: the one whose turn comes later is refused.
    pub(super) fn stop_conflicting(&mut self, wanted: &HashSet<UnitIndex>) {
        let mut others: Vec<UnitIndex> =
            wanted.iter().flat_map(|&unit| self.graph.conflicts(unit)).map(|conflict| conflict.unit).collect();
        others.retain(|unit| !wanted.contains(unit));
        others.sort_unstable();
        others.dedup();
        for unit in self.dependents(&others) {
            self.dismiss(unit, false);
        }
    }

    /// Begins a unit, unless one that it conflicts with is there: one that is leaving is waited for.
    pub(super) fn begin_without_conflict(&mut self, unit: UnitIndex) {
        let is_there = |other: &UnitIndex| self.slots[*other].occupies();
        let others: Vec<UnitIndex> =
            self.graph.conflicts(unit).iter().map(|conflict| conflict.unit).filter(is_there).collect();
        let stays = |other: &&UnitIndex| !self.slots[**other].leaving;
        match others.iter().find(stays) {
            Some(&other) => {
                let clause = match self.slots[other].state {
                    State::Up | State::Degraded => "is up",
                    State::Starting => "is starting",
                    State::Failed => "does not stop",
                    State::Down | State::Waiting | State::Stopping | State::Skipped => "is not down",
                };
                let reason = format!("conflicts with {}, which {clause}", self.graph.name(other));
                self.fail(unit, reason, None);
            }
            None if others.is_empty() => self.begin(unit),
            None => (),
        }
    }
}
