//! The actions of one step, put in the order in which they are to be carried out.
//!
//! First what became of units, so that the files are right before anything new happens; then commands, the longest
//! remaining path first; last who waits, which nobody is in a hurry for.

use std::cmp::Reverse;

use supervisor::state::State;

use super::Engine;
use super::event::{Action, Nanoseconds, Report, UnitIndex};

/// What has gathered during a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    reports: Vec<Report>,
    commands: Vec<Action>,
    begun: Vec<UnitIndex>,
    waiting: Vec<(UnitIndex, State, Nanoseconds)>,
}

impl Outbox {
    /// Reports what became of a unit.
    pub fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    /// The report of this step that a unit got up.
    pub fn arrival(&mut self, unit: UnitIndex) -> Option<&mut Report> {
        self.reports.iter_mut().find(|report| report.unit == unit && report.state == State::Up)
    }

    /// Asks for an action other than to begin a unit.
    pub fn command(&mut self, action: Action) {
        self.commands.push(action);
    }

    /// Asks for a unit to be begun.
    pub fn begin(&mut self, unit: UnitIndex) {
        self.begun.push(unit);
    }

    /// A unit waits since this step, and was this since then.
    pub fn wait(&mut self, unit: UnitIndex, from: State, since: Nanoseconds) {
        self.waiting.push((unit, from, since));
    }
}

impl Engine {
    /// Empties the outbox.
    pub(super) fn flush(&mut self) -> Vec<Action> {
        let Outbox { reports, commands, mut begun, waiting } = std::mem::take(&mut self.outbox);
        begun.sort_unstable_by_key(|&unit| (Reverse(self.remaining[unit]), unit));
        let still_waits = |unit: UnitIndex| self.slots[unit].state == State::Waiting;
        let waits = waiting.into_iter().filter(|&(unit, ..)| still_waits(unit)).map(|(unit, from, since)| Report {
            unit,
            from,
            state: State::Waiting,
            reason: None,
            exit: None,
            waits_for: self.waits_for(unit),
            since,
        });
        let outcomes = reports.into_iter().map(Action::Report);
        outcomes
            .chain(commands)
            .chain(begun.into_iter().map(Action::BringUp))
            .chain(waits.map(Action::Report))
            .collect()
    }

    /// What a waiting unit still waits for.
    fn waits_for(&self, unit: UnitIndex) -> Vec<UnitIndex> {
        let before = self.graph.predecessors(unit).iter().map(|first| first.unit);
        before.filter(|&first| self.slots[first].is_busy()).collect()
    }
}
