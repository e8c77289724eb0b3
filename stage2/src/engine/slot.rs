//! What the engine remembers of one unit.

use supervisor::state::State;

use super::event::Nanoseconds;

/// One unit's part in what is going on.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// What it is: never degraded, which is up.
    pub state: State,
    /// It is up, and something that it wants has failed.
    pub is_degraded: bool,
    /// When it became that.
    pub since: Nanoseconds,
    /// It is to go down: it waits for what comes after it, or is stopping already. A failed or skipped unit leaves
    /// too, without an action, so that the order of a stop runs through it.
    pub leaving: bool,
    /// Once down, it is to come up again.
    pub again: bool,
    /// Once down, it has failed for this reason.
    pub doom: Option<String>,
    /// It was named in a stop: forget that it failed or was skipped.
    pub forget: bool,
    /// It could not be stopped, so that nothing may be begun until it is down.
    pub lingers: bool,
    /// It is starting, and has work to do.
    pub works: bool,
    /// It is starting, and keeps a processor busy as it did in earlier boots.
    pub burns: bool,
    /// What one of the working units could have had of a processor, from the engine's beginning to this one's.
    pub share_before: Nanoseconds,
    /// Which deadline comes next.
    pub patience: Patience,
    /// When the next deadline is.
    pub timer: Option<Nanoseconds>,
    /// How many of the units before it are not settled.
    pub start_blockers: usize,
    /// How many of the units after it are leaving.
    pub stop_blockers: usize,
}

/// What the next deadline of a unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nothing is awaited.
    None,
    /// It was told to start; the command does not run yet.
    Told,
    /// The command runs, or as good as; the operator hears of it once it takes long.
    Fresh,
    /// The operator has heard of it; it is given up next.
    Noticed,
    /// It was told to stop; it is killed next.
    Asked,
    /// It was killed; it is given up next.
    Killed,
}

impl Slot {
    /// A unit that nobody has asked for.
    pub fn new() -> Self {
        Self {
            state: State::Down,
            is_degraded: false,
            since: 0,
            leaving: false,
            again: false,
            doom: None,
            forget: false,
            lingers: false,
            works: false,
            burns: false,
            share_before: 0,
            patience: Patience::None,
            timer: None,
            start_blockers: 0,
            stop_blockers: 0,
        }
    }

    /// It no longer leaves, and nothing of what it left for is remembered.
    pub fn release(&mut self) {
        self.leaving = false;
        self.again = false;
        self.forget = false;
        self.doom = None;
    }

    /// On its way somewhere: what comes after it waits with its start.
    pub fn is_busy(&self) -> bool {
        self.leaving || matches!(self.state, State::Waiting | State::Starting | State::Stopping)
    }

    /// It runs, or may: what conflicts with it must not.
    pub fn occupies(&self) -> bool {
        self.lingers || matches!(self.state, State::Starting | State::Up | State::Stopping | State::Degraded)
    }

    /// Good enough for what needs it: skipped is not failed.
    pub fn satisfies(&self) -> bool {
        matches!(self.state, State::Up | State::Skipped)
    }

    /// Settled, and no use to what needs it.
    pub fn disappoints(&self) -> bool {
        !self.is_busy() && !self.satisfies()
    }
}
