//! State files that are still to be written: a state that passes at once is not worth a file.

use std::collections::BTreeMap;

use supervisor::state::State;

use super::ONESHOT;
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::record::state_file::StateFile;

/// How long a state may pass before it is written, in ns.
const PASSING: Nanoseconds = 100_000_000;

/// The files, the last state of each unit.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    due: BTreeMap<UnitIndex, StateFile>,
    passing: BTreeMap<UnitIndex, StateFile>,
    end: Option<Nanoseconds>,
}

impl Unwritten {
    /// A unit's state is to be written with the next [`Unwritten::take`].
    pub fn insert(&mut self, unit: UnitIndex, file: StateFile) {
        self.passing.remove(&unit);
        self.due.insert(unit, file);
    }

    /// The same, but where a successor makes the same of the file that is there, it may wait: who waits is down to it, and
    /// that a one-shot has begun is in its notes.
    pub fn insert_after(&mut self, from: State, unit: UnitIndex, file: StateFile, now: Nanoseconds) {
        let was_down = matches!(from, State::Down | State::Waiting | State::Starting);
        let passes = match file.state {
            State::Waiting => was_down,
            State::Starting => was_down && file.kind == ONESHOT,
            _ => false,
        };
        if passes {
            self.passing.insert(unit, file);
            self.end.get_or_insert(now.saturating_add(PASSING));
        } else {
            self.insert(unit, file);
        }
    }

    /// When something has passed for long enough.
    pub fn end(&self) -> Option<Nanoseconds> {
        self.end
    }

    /// What passes is to be written as well.
    pub fn hurry(&mut self) {
        self.end = None;
        self.due.append(&mut self.passing);
    }

    /// What is to be written now.
    pub fn take(&mut self, now: Nanoseconds) -> impl Iterator<Item = StateFile> + use<> {
        if self.end.is_some_and(|end| end <= now) {
            self.hurry();
        }
        std::mem::take(&mut self.due).into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: &str, state: State) -> StateFile {
        StateFile::new("u", kind, state, 0)
    }

    fn states(unwritten: &mut Unwritten, now: Nanoseconds) -> Vec<State> {
        unwritten.take(now).map(|file| file.state).collect()
    }

    /// What has passed by then is not written; what lasts is, and at once whatever a successor must not miss.
    #[test]
    fn passes() {
        let mut unwritten = Unwritten::default();
        unwritten.insert_after(State::Down, 0, file("oneshot", State::Waiting), 0);
        unwritten.insert_after(State::Down, 1, file("oneshot", State::Waiting), 0);
        unwritten.insert_after(State::Waiting, 0, file("oneshot", State::Starting), 1);
        assert_eq!((states(&mut unwritten, 2), unwritten.end()), (vec![], Some(PASSING)));
        unwritten.insert_after(State::Starting, 0, file("oneshot", State::Up), 3);
        assert_eq!(states(&mut unwritten, 4), [State::Up]);
        assert_eq!(states(&mut unwritten, PASSING), [State::Waiting]);
        assert_eq!(unwritten.end(), None);
        unwritten.insert_after(State::Waiting, 2, file("longrun", State::Starting), 0);
        unwritten.insert_after(State::Failed, 3, file("oneshot", State::Waiting), 0);
        unwritten.insert_after(State::Up, 4, file("oneshot", State::Stopping), 0);
        assert_eq!(states(&mut unwritten, 0), [State::Starting, State::Waiting, State::Stopping]);
        unwritten.insert_after(State::Down, 5, file("oneshot", State::Starting), 0);
        unwritten.hurry();
        assert_eq!(states(&mut unwritten, 0), [State::Starting]);
    }

    /// What a unit was before it began to wait again is written: else its file would go on saying that it is up.
    #[test]
    fn down_in_between() {
        let mut unwritten = Unwritten::default();
        unwritten.insert_after(State::Stopping, 0, file("oneshot", State::Down), 0);
        unwritten.insert_after(State::Down, 0, file("oneshot", State::Waiting), 0);
        assert_eq!(states(&mut unwritten, 0), [State::Down]);
        assert_eq!(states(&mut unwritten, PASSING), [State::Waiting]);
    }
}
