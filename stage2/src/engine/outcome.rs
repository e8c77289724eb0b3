//! What became of a unit. An answer that no longer fits (the unit was abandoned, or is leaving) changes nothing.

use supervisor::state::State;

use super::Engine;
use super::deadline::nanoseconds;
use super::event::UnitIndex;
use super::slot::Patience;

impl Engine {
    /// Its command runs: the time to get ready counts from now.
    pub(super) fn on_executed(&mut self, unit: UnitIndex) {
        if self.is(unit, State::Starting) {
            if self.slots[unit].patience == Patience::Told {
                self.arm(unit, Patience::Fresh, self.now);
            }
            self.report(unit, State::Starting, None, None);
        }
    }

    /// It is up, if it was starting.
    pub(super) fn on_ready(&mut self, unit: UnitIndex) {
        if self.is(unit, State::Starting) {
            self.report(unit, State::Up, None, None);
            self.become_state(unit, State::Up);
        }
    }

    /// Its conditions do not hold, if it was starting.
    pub(super) fn on_skipped(&mut self, unit: UnitIndex, reason: String) {
        if self.is(unit, State::Starting) {
            self.report(unit, State::Skipped, Some(reason), None);
            self.become_state(unit, State::Skipped);
        }
    }

    /// It did not get up, ended for good, or failed to stop properly: nothing of it runs.
    pub(super) fn on_failed(&mut self, unit: UnitIndex, reason: String, exit: Option<u32>) {
        match self.state_of(unit) {
            Some(State::Up | State::Starting | State::Stopping) if self.slots[unit].leaving => {
                self.arrive_failed(unit, reason, exit);
            }
            Some(State::Up | State::Starting) => self.fail(unit, reason, exit),
            Some(_) => self.slots[unit].lingers = false,
            None => (),
        }
    }

    /// It is down, by itself or killed: by us, or by its supervise, whose deadline is the same.
    pub(super) fn on_down(&mut self, unit: UnitIndex, was_killed: bool) {
        match self.state_of(unit) {
            Some(State::Up | State::Starting | State::Stopping) if self.slots[unit].leaving => {
                let is_late = self.now.saturating_sub(self.slots[unit].since)
                    >= nanoseconds(self.graph.vertex(unit).stop_timeout());
                let was_killed = (was_killed && is_late) || self.slots[unit].patience == Patience::Killed;
                self.arrive_from_stop(unit, was_killed);
            }
            Some(State::Up) => {
                self.report(unit, State::Down, None, None);
                self.become_state(unit, State::Down);
                self.doom_dependents(unit, "has ended");
            }
            Some(State::Starting) => self.fail(unit, "ended before it was ready".into(), None),
            Some(State::Failed) if self.slots[unit].lingers => {
                self.slots[unit].lingers = false;
                self.report(unit, State::Down, None, None);
                self.become_state(unit, State::Down);
            }
            Some(_) | None => (),
        }
    }

    fn is(&self, unit: UnitIndex, state: State) -> bool {
        self.state_of(unit) == Some(state)
    }

    fn state_of(&self, unit: UnitIndex) -> Option<State> {
        self.slots.get(unit).map(|slot| slot.state)
    }
}
