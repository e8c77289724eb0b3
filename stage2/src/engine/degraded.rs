//! Degraded: up, but something that the unit wants has failed.

use supervisor::state::State;

use super::Engine;
use super::event::{Report, UnitIndex};
use crate::graph::EdgeKind;

impl Engine {
    /// Looks at everything whose state has changed in this step, and at what wants it.
    pub(super) fn judge_degraded(&mut self) {
        let mut units = std::mem::take(&mut self.touched);
        let wanting = |unit: &UnitIndex| {
            let later = self.graph.successors(*unit).iter().filter(|later| later.kind == EdgeKind::Wants);
            later.map(|later| later.unit).collect::<Vec<_>>()
        };
        let wanting: Vec<UnitIndex> = units.iter().flat_map(wanting).collect();
        units.extend(wanting);
        units.sort_unstable();
        units.dedup();
        units.into_iter().for_each(|unit| self.judge(unit));
    }

    fn judge(&mut self, unit: UnitIndex) {
        let failed = self.failed_wish(unit).filter(|_| self.slots[unit].state == State::Up);
        let slot = &mut self.slots[unit];
        if slot.is_degraded == failed.is_some() {
            return;
        }
        let (from, since) = (if slot.is_degraded { State::Degraded } else { State::Up }, slot.since);
        slot.is_degraded = failed.is_some();
        if slot.state != State::Up {
            return;
        }
        let state = if failed.is_some() { State::Degraded } else { State::Up };
        let reason = failed.map(|other| format!("wants {}, which failed", self.graph.name(other)));
        if let Some(report) = self.outbox.arrival(unit) {
            (report.state, report.reason) = (state, reason);
        } else {
            self.outbox.report(Report { unit, from, state, reason, exit: None, waits_for: Vec::new(), since });
        }
    }

    /// Something that the unit wants and that has failed.
    fn failed_wish(&self, unit: UnitIndex) -> Option<UnitIndex> {
        let wishes = self.graph.predecessors(unit).iter().filter(|first| first.kind == EdgeKind::Wants);
        wishes.map(|first| first.unit).find(|&first| self.slots[first].state == State::Failed)
    }
}
