//! What is asked for: which units a start, a stop or a restart means.

use std::collections::HashSet;

use supervisor::state::State;

use super::Engine;
use super::event::UnitIndex;
use crate::graph::EdgeKind;

impl Engine {
    /// What a stop of these units takes down with them: everything that needs them, in turn. Named ones included,
    /// down ones left out, by number. For whoever must know what a restart will bring back.
    pub fn affected(&self, named: &[UnitIndex]) -> Vec<UnitIndex> {
        let is_there = |unit: &UnitIndex| self.is_there(*unit);
        let mut units: Vec<UnitIndex> = self.dependents(named).into_iter().filter(is_there).collect();
        units.sort_unstable();
        units
    }

    /// Lets units that are not up wait for their start, and whatever they need or want.
    ///
    /// Nothing is pulled in through a unit that is up: what it wants and the operator has stopped stays down. Failed
    /// and skipped units are tried again, if `retry`.
    pub(super) fn start(&mut self, named: &[UnitIndex], retry: bool) {
        let mut seen = HashSet::new();
        let mut stack = self.known(named);
        while let Some(unit) = stack.pop() {
            let slot = &self.slots[unit];
            let (from, since) = (slot.state, slot.since);
            let is_wanted = match from {
                State::Down => true,
                State::Failed | State::Skipped => retry || slot.leaving,
                State::Waiting | State::Starting | State::Up | State::Stopping | State::Degraded => slot.leaving,
            };
            if !is_wanted || !seen.insert(unit) {
                continue;
            }
            if slot.leaving {
                self.slots[unit].again = true;
            } else {
                self.wait(unit, from, since);
            }
            stack.extend_from_slice(self.graph.pulls(unit));
        }
        self.stop_conflicting(&seen);
    }

    /// Takes units down, and before them whatever needs them.
    pub(super) fn stop(&mut self, named: &[UnitIndex]) {
        for unit in self.dependents(named) {
            self.dismiss(unit, false);
        }
        for unit in self.known(named) {
            self.slots[unit].forget = self.slots[unit].leaving;
        }
    }

    /// Takes units down, and before them whatever needs them; then brings all of it up again that was up.
    pub(super) fn restart(&mut self, named: &[UnitIndex]) {
        for unit in self.dependents(named) {
            let slot = &self.slots[unit];
            match slot.state {
                State::Up | State::Starting | State::Degraded => self.dismiss(unit, !slot.leaving || slot.again),
                State::Failed | State::Skipped => self.change(unit, |slot| slot.leaving = true),
                State::Down | State::Waiting | State::Stopping => (),
            }
        }
        self.start(named, true);
    }

    /// Takes everything down; nothing that waited will be begun.
    pub(super) fn stop_all(&mut self) {
        for unit in 0..self.graph.len() {
            self.dismiss(unit, false);
        }
    }

    /// Sends a unit down, as far as there is anything to send.
    pub(super) fn dismiss(&mut self, unit: UnitIndex, again: bool) {
        match self.slots[unit].state {
            State::Down => (),
            State::Waiting => {
                self.report(unit, State::Down, None, None);
                self.leave(unit, State::Down);
            }
            State::Starting | State::Up | State::Degraded | State::Stopping | State::Failed | State::Skipped => {
                self.change(unit, |slot| {
                    slot.leaving = true;
                    slot.again = again;
                });
            }
        }
    }

    /// Dooms everything that runs and needs a unit that has just failed or ended, in turn.
    ///
    /// Who waits for it is refused by [`Engine::settle`]; who is stopping anyhow stops as it was asked to.
    pub(super) fn doom_dependents(&mut self, unit: UnitIndex, what: &str) {
        let mut seen = HashSet::from([unit]);
        let mut stack = vec![(unit, what.to_owned())];
        while let Some((culprit, what)) = stack.pop() {
            let reason = format!("needs {}, which {what}", self.graph.name(culprit));
            for later in self.graph.successors(culprit).to_vec() {
                if later.kind == EdgeKind::Needs && seen.insert(later.unit) {
                    stack.extend(self.doom(later.unit, &reason).map(|what| (later.unit, what)));
                }
            }
        }
    }

    /// Dooms one unit, and says what becomes of it if others may hang on it.
    fn doom(&mut self, unit: UnitIndex, reason: &str) -> Option<String> {
        let slot = &mut self.slots[unit];
        match slot.state {
            State::Up | State::Starting | State::Degraded => {
                if !slot.leaving || slot.again {
                    slot.doom = Some(reason.to_owned());
                    self.dismiss(unit, false);
                }
                Some("failed".into())
            }
            State::Skipped => Some(reason.to_owned()),
            State::Down | State::Waiting | State::Stopping | State::Failed => None,
        }
    }

    /// The units and all that need them, in turn.
    pub(super) fn dependents(&self, named: &[UnitIndex]) -> Vec<UnitIndex> {
        let mut found = self.known(named);
        let mut seen: HashSet<UnitIndex> = found.iter().copied().collect();
        let mut next = 0;
        while let Some(&unit) = found.get(next) {
            next += 1;
            let needed_by = self.graph.successors(unit).iter().filter(|later| later.kind == EdgeKind::Needs);
            found.extend(needed_by.map(|later| later.unit).filter(|&later| seen.insert(later)));
        }
        found
    }

    /// Those of the units that there are, each once.
    fn known(&self, named: &[UnitIndex]) -> Vec<UnitIndex> {
        let mut seen = HashSet::new();
        named.iter().copied().filter(|&unit| unit < self.graph.len() && seen.insert(unit)).collect()
    }
}
