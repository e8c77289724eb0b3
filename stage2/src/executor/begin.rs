//! Bringing one unit up, taking it down, and ending it by force: what its kind asks for.

use units::{Kind, Unit};

use super::Executor;
use super::activity::{Doing, Ending};
use super::verdict::Verdict;
use crate::engine::event::{Event, UnitIndex};
use crate::service::ServiceDirectory;

impl Executor {
    /// Begins a unit, at once if a glance tells everything that has to be found out before.
    pub(super) fn bring_up(&mut self, unit: UnitIndex) {
        let Some(text) = self.shared_unit(unit) else {
            return self.fail(unit, "no unit of this name".into(), None);
        };
        self.activities[unit].lines.clear();
        let verdict = match &mut self.activities[unit].doing {
            // An earlier run was given up; until it is gone there is no other.
            Doing::Oneshot(running) => return running.ending = Ending::Awaited,
            Doing::Foreseen(_) => Some(Verdict::begin()),
            _ => self.verdict_at_a_glance(&text),
        };
        match verdict {
            Some(verdict) => self.begin_if(unit, verdict),
            None => self.have_looked_at(unit),
        }
    }

    pub(super) fn begin_if(&mut self, unit: UnitIndex, verdict: Verdict) {
        match (verdict, self.unit(unit).cloned()) {
            (Verdict::Begin(links), Some(text)) => self.begin_now(unit, &text, links),
            (Verdict::Skip(reason), _) => self.events.push_back(Event::Skipped { unit, reason }),
            (Verdict::Fail(reason), _) => self.fail(unit, reason, None),
            (Verdict::Begin(_), None) => {}
        }
    }

    fn begin_now(&mut self, unit: UnitIndex, text: &Unit, links: ServiceDirectory) {
        if self.takes_terminal(unit) {
            self.end_display();
        }
        match &text.kind {
            Kind::Milestone => {
                self.events.push_back(Event::Executed { unit, pid: None });
                self.events.push_back(Event::Ready(unit));
            }
            Kind::Oneshot(oneshot) => self.start_oneshot(unit, oneshot),
            Kind::Longrun(longrun) => self.start_longrun(unit, text, longrun, links),
        }
    }

    pub(super) fn take_down(&mut self, unit: UnitIndex) {
        let has_not_begun = self.stop_looking(unit);
        match self.unit(unit).map(|unit| unit.kind.clone()) {
            // It may run though it has not begun: an engine that died has begun it.
            Some(Kind::Longrun(_)) => self.stop_longrun(unit),
            None if self.is_longrun(unit) => self.stop_longrun(unit),
            _ if has_not_begun => self.events.push_back(Event::Down(unit)),
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
        self.stop_looking(unit);
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
