//! What is certain to happen next, so that whoever learns of its occasion first need not ask.

use supervisor::state::State;

use super::Engine;
use super::event::{Event, UnitIndex};

impl Engine {
    /// The units that a waiting one waits for, if nothing but them is in its way: it is begun in the very step in which
    /// the last of them gets up, unless one of them does not get up, or an event comes before that [`Engine::overturns`] that.
    pub fn foresee(&self, unit: UnitIndex) -> Option<Vec<UnitIndex>> {
        let is_free = self.graph.conflicts(unit).is_empty() && !self.will_burn(unit) && self.refusal(unit).is_none();
        if !self.is_on_its_way(unit) || self.slots[unit].state != State::Waiting || !is_free {
            return None;
        }
        let before = self.graph.predecessors(unit).iter().map(|first| first.unit);
        let awaited: Vec<UnitIndex> = before.filter(|first| self.slots[*first].is_busy()).collect();
        awaited.iter().all(|first| self.is_on_its_way(*first)).then_some(awaited)
    }

    /// Whether an event may keep a unit down that [`Engine::foresee`] has foreseen. Who gets up does not; nor does what
    /// becomes of a unit that is under way already: only those that wait for it can mind.
    pub fn overturns(&self, event: &Event) -> bool {
        match event {
            Event::Executed { .. } | Event::Ready(_) | Event::Skipped { .. } => false,
            Event::Failed { unit, .. } | Event::Down(unit) | Event::Killed(unit) => {
                self.slots.get(*unit).is_some_and(|slot| !slot.is_busy())
            }
            Event::Start(_) | Event::Resume(_) | Event::Stop(_) | Event::Restart(_) | Event::StopAll | Event::Tick => {
                true
            }
        }
    }

    /// It is to come up, and nothing else is asked of it.
    fn is_on_its_way(&self, unit: UnitIndex) -> bool {
        let slot = &self.slots[unit];
        !slot.leaving && matches!(slot.state, State::Waiting | State::Starting)
    }
}
