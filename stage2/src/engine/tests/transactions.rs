//! What the server makes of several events: a switch, an apply, the failure of an essential unit. Each may come in the
//! middle of anything.

use std::collections::BTreeSet;

use supervisor::state::State;

use super::world::World;
use crate::engine::event::{Event, UnitIndex};

impl World {
    /// One of them, now and then.
    pub(super) fn transact(&mut self) {
        match self.random.below(8) {
            0 => self.switch(),
            1 => self.apply(),
            2 => self.lose_essential(),
            _ => {}
        }
    }

    fn any_units(&mut self) -> Vec<UnitIndex> {
        let count = self.engine.graph().len();
        (0..1 + self.random.below(3)).map(|_| self.random.below(count)).collect()
    }

    /// Units, and all that they need and want, in turn.
    fn closure(&self, units: &[UnitIndex]) -> BTreeSet<UnitIndex> {
        let (mut found, mut stack) = (BTreeSet::new(), units.to_vec());
        while let Some(unit) = stack.pop() {
            if found.insert(unit) {
                stack.extend_from_slice(self.engine.graph().pulls(unit));
            }
        }
        found
    }

    fn units(&self, which: impl Fn(UnitIndex) -> bool) -> Vec<UnitIndex> {
        (0..self.engine.graph().len()).filter(|unit| which(*unit)).collect()
    }

    fn is_up(&self, unit: UnitIndex) -> bool {
        self.engine.state(unit).is_up()
    }

    /// Whatever was under way, nothing is up afterwards that the new bundle does not bring in.
    fn switch(&mut self) {
        let named = self.any_units();
        let wanted = self.closure(&named);
        let others = self.units(|unit| self.engine.is_there(unit) && !wanted.contains(&unit));
        self.tell(Event::Stop(others));
        self.tell(Event::Start(named));
        self.run(usize::MAX);
        self.check_settled();
        let left = self.units(|unit| self.is_up(unit) && !wanted.contains(&unit));
        assert!(left.is_empty(), "{left:?} are up after a switch to {wanted:?}");
    }

    /// What is restarted and up afterwards was down in between, what is stopped is down unless something else brings it
    /// in, and what has nothing to do with either is left alone.
    fn apply(&mut self) {
        let (down, again, up) = (self.any_units(), self.any_units(), self.any_units());
        let again: Vec<UnitIndex> = again.into_iter().filter(|unit| !down.contains(unit)).collect();
        self.run(usize::MAX);
        let before = self.episode.clone();
        let were_up = self.units(|unit| self.is_up(unit));
        let wanted = self.closure(&[again.as_slice(), up.as_slice()].concat());
        // What is begun may fail, and stops what it conflicts with.
        let is_moved = |unit: UnitIndex| {
            let conflicts = self.engine.graph().conflicts(unit);
            let is_begun = wanted.contains(&unit) && !self.is_up(unit);
            down.contains(&unit)
                || again.contains(&unit)
                || is_begun
                || conflicts.iter().any(|c| wanted.contains(&c.unit))
        };
        let touched = self.engine.dependents(&self.units(is_moved));
        self.tell(Event::Stop(down.clone()));
        self.tell(Event::Restart(again.clone()));
        self.tell(Event::Start(up));
        self.run(usize::MAX);
        self.check_settled();
        for unit in again.iter().filter(|unit| were_up.contains(unit) && self.is_up(**unit)) {
            assert_ne!(self.episode[*unit], before[*unit], "{unit} was not restarted");
        }
        for unit in down.iter().filter(|unit| !wanted.contains(unit)) {
            assert!(!self.is_up(*unit), "{unit} is up after its stop");
        }
        for unit in were_up.into_iter().filter(|unit| !touched.contains(unit)) {
            assert!(self.is_up(unit) && self.episode[unit] == before[unit], "{unit} was not left alone");
        }
    }

    /// An essential unit has failed: what is not up is given up, what is up stays, and something else is begun.
    fn lose_essential(&mut self) {
        let is_under_way = |unit: UnitIndex| matches!(self.engine.state(unit), State::Waiting | State::Starting);
        let rest = self.units(is_under_way);
        let lost: BTreeSet<UnitIndex> = self.engine.dependents(&rest).into_iter().collect();
        let stays = self.units(|unit| self.is_up(unit) && !self.engine.slots[unit].leaving && !lost.contains(&unit));
        self.tell(Event::Stop(rest));
        self.run(usize::MAX);
        self.check_settled();
        assert!(stays.into_iter().all(|unit| self.is_up(unit)), "something that was up was given up");
        let rescue = self.any_units();
        self.tell(Event::Start(rescue.clone()));
        self.run(usize::MAX);
        self.check_settled();
        // Of units that clash one may stop the other: the server sees to it that they are not asked for together.
        let clashes = !self.engine.graph().clashes(&rescue).is_empty();
        let is_answered = |unit: &UnitIndex| clashes || self.engine.state(*unit) != State::Down;
        assert!(rescue.iter().all(is_answered), "{rescue:?} was not tried");
    }
}
