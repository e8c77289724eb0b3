//! How one unit's change moves others: counters of what is in the way, and a queue instead of recursion.

use supervisor::state::State;

use super::Engine;
use super::deadline::length;
use super::event::{Action, Nanoseconds, Report, UnitIndex};
use super::slot::{Patience, Slot};
use crate::graph::EdgeKind;

impl Engine {
    /// Changes a unit and keeps its neighbours' counters true; whoever may move now is looked at by [`Engine::settle`].
    pub(super) fn change(&mut self, unit: UnitIndex, edit: impl FnOnce(&mut Slot)) {
        let slot = &mut self.slots[unit];
        let was = (slot.is_busy(), slot.leaving, slot.disappoints(), (slot.works, slot.burns));
        let (state, presence) = (slot.state, (slot.occupies(), slot.leaving));
        edit(slot);
        let is = (slot.is_busy(), slot.leaving, slot.disappoints(), (slot.works, slot.burns));
        let (is_changed, is_elsewhere) = (slot.state != state, presence != (slot.occupies(), slot.leaving));
        self.queue.push_back(unit);
        if is_changed {
            self.touched.push(unit);
        }
        if is_elsewhere {
            self.queue.extend(self.graph.conflicts(unit).iter().map(|conflict| conflict.unit));
        }
        if was.0 != is.0 {
            self.count_busy(unit, is.0);
        }
        if was.1 != is.1 {
            self.count_leaving(unit, is.1);
        }
        self.processors.count(was.3, is.3);
        if is.2 && !was.2 {
            let needed_by = self.graph.successors(unit).iter().filter(|later| later.kind == EdgeKind::Needs);
            self.queue.extend(needed_by.map(|later| later.unit));
        }
    }

    /// A unit got busy, or no longer is: what comes after it has one more, or one less, in the way of its start.
    fn count_busy(&mut self, unit: UnitIndex, is_busy: bool) {
        self.busy = if is_busy { self.busy + 1 } else { self.busy - 1 };
        for later in self.graph.successors(unit) {
            let count = &mut self.slots[later.unit].start_blockers;
            *count = if is_busy { *count + 1 } else { *count - 1 };
            if *count == 0 {
                self.queue.push_back(later.unit);
            }
        }
    }

    /// A unit is to leave, or no longer is: the same for the stop of what comes before it.
    fn count_leaving(&mut self, unit: UnitIndex, is_leaving: bool) {
        for first in self.graph.predecessors(unit) {
            let count = &mut self.slots[first.unit].stop_blockers;
            *count = if is_leaving { *count + 1 } else { *count - 1 };
            if *count == 0 {
                self.queue.push_back(first.unit);
            }
        }
    }

    /// Gives a unit another state, now.
    pub(super) fn become_state(&mut self, unit: UnitIndex, state: State) {
        let now = self.now;
        self.disarm(unit);
        self.change(unit, |slot| {
            slot.state = state;
            slot.since = now;
            (slot.works, slot.burns) = (false, false);
        });
    }

    /// Moves every unit that can move, until none can.
    pub(super) fn settle(&mut self) {
        self.move_queued();
        while let Some(unit) = self.processors.next() {
            if self.may_begin(unit) {
                self.begin_without_conflict(unit);
                self.move_queued();
            }
        }
    }

    fn move_queued(&mut self) {
        while let Some(unit) = self.queue.pop_front() {
            let slot = &self.slots[unit];
            if slot.leaving {
                if slot.stop_blockers == 0 {
                    self.depart(unit);
                }
            } else if slot.state == State::Waiting {
                match self.refusal(unit) {
                    Some(reason) => self.fail(unit, reason, None),
                    None if self.slots[unit].start_blockers == 0 => self.begin_in_turn(unit),
                    None => (),
                }
            }
        }
    }

    /// Why a waiting unit cannot be begun, ever.
    pub(super) fn refusal(&self, unit: UnitIndex) -> Option<String> {
        if let Some(problem) = &self.graph.vertex(unit).problem {
            return Some(problem.to_string());
        }
        if self.slots[unit].lingers {
            return Some("does not stop".into());
        }
        let mut needs = self.graph.predecessors(unit).iter().filter(|first| first.kind == EdgeKind::Needs);
        let culprit = needs.find(|first| self.slots[first.unit].disappoints())?.unit;
        let vertex = self.graph.vertex(culprit);
        let word = if self.slots[culprit].state == State::Failed { "failed" } else { "is down" };
        let clause = vertex.problem.as_ref().map_or_else(|| word.into(), |problem| problem.clause());
        Some(format!("needs {}, which {clause}", vertex.name))
    }

    /// Begins a unit that nothing is in the way of.
    pub(super) fn begin(&mut self, unit: UnitIndex) {
        self.become_state(unit, State::Starting);
        self.set_to_work(unit);
        self.arm(unit, Patience::Told, self.now);
        self.outbox.begin(unit);
    }

    /// A leaving unit's turn has come.
    fn depart(&mut self, unit: UnitIndex) {
        match self.slots[unit].state {
            State::Up | State::Starting | State::Degraded => {
                self.report(unit, State::Stopping, None, None);
                self.become_state(unit, State::Stopping);
                self.arm(unit, Patience::Asked, self.now);
                self.outbox.command(Action::TakeDown(unit));
            }
            State::Failed | State::Skipped | State::Down | State::Waiting => self.pass(unit),
            State::Stopping => (),
        }
    }

    /// A unit leaves that has nothing to stop.
    fn pass(&mut self, unit: UnitIndex) {
        if self.slots[unit].again {
            self.wait(unit, self.slots[unit].state, self.slots[unit].since);
        } else if self.slots[unit].forget && !self.slots[unit].lingers {
            self.report(unit, State::Down, None, None);
            self.leave(unit, State::Down);
        } else {
            self.change(unit, Slot::release);
        }
    }

    /// Nothing of a unit that was leaving runs any more, as it should be; that it had to be killed is told.
    pub(super) fn arrive_from_stop(&mut self, unit: UnitIndex, was_killed: bool) {
        let timeout = self.graph.vertex(unit).stop_timeout();
        let remark = was_killed.then(|| format!("killed: it did not stop within {}", length(timeout)));
        match self.slots[unit].doom.take() {
            Some(doom) => self.arrive_as(unit, State::Failed, Some(doom), None),
            None => self.arrive_as(unit, State::Down, remark, None),
        }
    }

    /// Nothing of a unit that was leaving runs any more, and that did not go as it should.
    pub(super) fn arrive_failed(&mut self, unit: UnitIndex, reason: String, exit: Option<u32>) {
        self.arrive_as(unit, State::Failed, Some(reason), exit);
    }

    fn arrive_as(&mut self, unit: UnitIndex, state: State, reason: Option<String>, exit: Option<u32>) {
        self.report(unit, state, reason, exit);
        if self.slots[unit].again {
            self.wait(unit, state, self.now);
        } else {
            self.leave(unit, state);
        }
    }

    /// Ends a unit's stop, or gives up its start.
    pub(super) fn leave(&mut self, unit: UnitIndex, state: State) {
        self.become_state(unit, state);
        self.change(unit, Slot::release);
    }

    /// Lets a unit wait for its start, that was something else since then.
    pub(super) fn wait(&mut self, unit: UnitIndex, from: State, since: Nanoseconds) {
        self.outbox.wait(unit, from, since);
        self.leave(unit, State::Waiting);
    }

    /// A unit has failed that was not leaving: what runs and needs it, goes down.
    pub(super) fn fail(&mut self, unit: UnitIndex, reason: String, exit: Option<u32>) {
        self.report(unit, State::Failed, Some(reason), exit);
        self.become_state(unit, State::Failed);
        self.doom_dependents(unit, "failed");
    }

    /// Reports what a unit is about to become; to be called before it does.
    pub(super) fn report(&mut self, unit: UnitIndex, state: State, reason: Option<String>, exit: Option<u32>) {
        let (from, since) = (self.slots[unit].state, self.slots[unit].since);
        self.outbox.report(Report { unit, from, state, reason, exit, waits_for: Vec::new(), since });
    }
}
