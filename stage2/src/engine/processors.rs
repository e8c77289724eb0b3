//! Who may keep the processors busy while it starts: as many units at once as there are processors.
//!
//! Which units do is known from earlier boots; all others, which wait for something else or are not known yet, are begun as
//! soon as nothing is in their way. A unit counts until it is up, but after 10 s, when the operator hears of it, no more: so
//! whoever waits for a turn gets one.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use supervisor::state::State;

use super::Engine;
use super::event::{Nanoseconds, UnitIndex};

/// The processors, and who waits for one.
#[derive(Clone, Debug, Default)]
pub(super) struct Processors {
    /// How many there are, if that counts at all.
    limit: Option<usize>,
    /// For each unit, whether it keeps one busy.
    burns: Vec<bool>,
    /// Starting units that have work to do.
    pub working: usize,
    /// Those of them that keep a processor busy.
    pub burning: usize,
    /// What each working unit could have had of a processor so far, if all had wanted one all the time.
    shared: Nanoseconds,
    /// Units that nothing but this is in the way of, the longest remaining path first; some may have left since.
    turns: BTreeSet<(Reverse<u64>, UnitIndex)>,
}

impl Processors {
    /// A unit works or burns, or no longer does.
    pub fn count(&mut self, was: (bool, bool), is: (bool, bool)) {
        self.working = self.working + usize::from(is.0) - usize::from(was.0);
        self.burning = self.burning + usize::from(is.1) - usize::from(was.1);
    }

    /// Time has passed.
    pub fn share(&mut self, time: Nanoseconds) {
        let count = |count: usize| count.max(1) as Nanoseconds;
        let limit = self.limit.unwrap_or(usize::MAX).min(self.working);
        self.shared = self.shared.saturating_add(time.saturating_mul(count(limit)) / count(self.working));
    }

    /// Whose turn it is, if there is a processor for it.
    pub fn next(&mut self) -> Option<UnitIndex> {
        let is_free = self.limit.is_none_or(|limit| self.burning < limit);
        if is_free { self.turns.pop_first().map(|(_, unit)| unit) } else { None }
    }
}

impl Engine {
    /// There are so many processors, at least one; `burns` says who keeps one busy while it starts.
    pub fn with_processors(mut self, count: usize, burns: impl Fn(&str) -> bool) -> Self {
        self.processors.limit = Some(count.max(1));
        self.processors.burns = (0..self.graph.len()).map(|unit| burns(self.graph.name(unit))).collect();
        self
    }

    /// What of a processor's time a unit could have had since it was begun, fairly shared with all that were starting.
    pub fn share_of(&self, unit: UnitIndex) -> Nanoseconds {
        self.processors.shared.saturating_sub(self.slots[unit].share_before)
    }

    /// A unit that nothing else is in the way of is begun when it is its turn: at once, unless it takes a processor.
    pub(super) fn begin_in_turn(&mut self, unit: UnitIndex) {
        if self.will_burn(unit) {
            self.processors.turns.insert((Reverse(self.remaining[unit]), unit));
        } else {
            self.begin_without_conflict(unit);
        }
    }

    /// Whether a unit whose turn has come still waits for it, and for nothing else.
    pub(super) fn may_begin(&self, unit: UnitIndex) -> bool {
        let slot = &self.slots[unit];
        slot.state == State::Waiting && !slot.leaving && slot.start_blockers == 0
    }

    /// A unit that has just begun has work to do, or has not.
    pub(super) fn set_to_work(&mut self, unit: UnitIndex) {
        let (works, burns) = (self.graph.vertex(unit).has_work(), self.will_burn(unit));
        let shared = self.processors.shared;
        self.change(unit, |slot| (slot.works, slot.burns, slot.share_before) = (works, burns, shared));
    }

    pub(super) fn will_burn(&self, unit: UnitIndex) -> bool {
        self.processors.burns.get(unit).is_some_and(|burns| *burns) && self.graph.vertex(unit).has_work()
    }
}
