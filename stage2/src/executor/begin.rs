//! Bringing one unit up, taking it down, and ending it by force: what its kind asks for.

use units::Kind;

use super::Executor;
use super::activity::{Doing, Ending};
use crate::engine::event::{Event, UnitIndex};

impl Executor {
    pub(super) fn bring_up(&mut self, unit: UnitIndex) {
        let Some(text) = self.shared_unit(unit) else {
            return self.fail(unit, "no unit of this name".into(), None);
        };
        let user = text.kind.context().and_then(|context| context.user.as_deref());
        let unmapped = || user.and_then(|user| self.surroundings.unmapped(user));
        if let Some(reason) = self.surroundings.reason_to_skip(&text.conditions).or_else(unmapped) {
            return self.events.push_back(Event::Skipped { unit, reason });
        }
        self.activities[unit].lines.clear();
        if self.takes_terminal(unit) {
            self.end_display();
        }
        match &text.kind {
            Kind::Milestone => {
                self.events.push_back(Event::Executed { unit, pid: None });
                self.events.push_back(Event::Ready(unit));
            }
            Kind::Oneshot(oneshot) => self.start_oneshot(unit, oneshot),
            Kind::Longrun(longrun) => self.start_longrun(unit, &text, longrun),
        }
    }

    pub(super) fn take_down(&mut self, unit: UnitIndex) {
        match self.unit(unit).map(|unit| unit.kind.clone()) {
            Some(Kind::Longrun(_)) => self.stop_longrun(unit),
            None if self.is_longrun(unit) => self.stop_longrun(unit),
            None => {
                self.end_leftovers(unit);
                self.events.push_back(Event::Down(unit));
            }
            Some(Kind::Oneshot(oneshot)) => self.stop_oneshot(unit, &oneshot),
            Some(Kind::Milestone) => self.events.push_back(Event::Down(unit)),
        }
    }

    /// Ends a unit by force; it is waited for.
    pub(super) fn kill(&mut self, unit: UnitIndex) {
        match self.activities[unit].doing {
            Doing::Oneshot(_) => self.kill_oneshot(unit),
            _ if self.is_longrun(unit) => self.kill_longrun(unit),
            _ => self.events.push_back(Event::Down(unit)),
        }
    }

    /// Ends a unit by force; nobody waits for it any more.
    pub(super) fn abandon(&mut self, unit: UnitIndex) {
        if let Doing::Oneshot(running) = &mut self.activities[unit].doing {
            running.ending = Ending::Abandoned;
            self.kill_oneshot(unit);
        } else if self.is_longrun(unit) {
            self.abandon_longrun(unit);
        }
    }

    pub(super) fn fail(&mut self, unit: UnitIndex, reason: String, exit: Option<u32>) {
        self.events.push_back(Event::Failed { unit, reason, exit });
    }
}
