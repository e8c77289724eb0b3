//! What the engine is told, and what it asks for. The executor turns one into the other.

use supervisor::state::State;

/// A unit's number in the [`crate::graph::Graph`]; dense from 0.
pub type UnitIndex = usize;

/// Nanoseconds of CLOCK_MONOTONIC.
pub type Nanoseconds = u64;

/// What the engine is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bring these up, with what they need and want.
    Start(Vec<UnitIndex>),
    /// Go on with a [`Event::Start`] after the engine's own death: as Start, but what has failed or was skipped since
    /// is not tried again.
    Resume(Vec<UnitIndex>),
    /// Take these down, after whatever needs them.
    Stop(Vec<UnitIndex>),
    /// Take these down after whatever needs them, then bring all of it up again.
    Restart(Vec<UnitIndex>),
    /// Take everything down in reverse order; whatever was asked for before is forgotten.
    StopAll,
    /// The command of a unit that is starting runs.
    Executed {
        /// Which.
        unit: UnitIndex,
        /// Its process; `None` for steps and milestones.
        pid: Option<u32>,
    },
    /// A starting unit is up: exec'd, ready or exited 0, as its kind asks for.
    Ready(UnitIndex),
    /// A starting unit did not get up, or one that was up has ended for good.
    Failed {
        /// Which.
        unit: UnitIndex,
        /// Why, as the console line says it.
        reason: String,
        /// Exit code, or 128 + signal.
        exit: Option<u32>,
    },
    /// A starting unit's `if:` said no.
    Skipped {
        /// Which.
        unit: UnitIndex,
        /// Why, as the console line says it.
        reason: String,
    },
    /// A stopping unit is down, or one that was up ended as it should (a longrun that was told to run once).
    Down(UnitIndex),
    /// As Down, and KILL ended it.
    Killed(UnitIndex),
    /// A deadline may have passed; see [`super::Engine::next_deadline`].
    Tick,
}

/// What the engine asks for. The executor carries actions out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Evaluate the unit's `if:`, then run, link or up it. Answer: Skipped, or Executed and then Ready or Failed.
    BringUp(UnitIndex),
    /// Run its `stop`, or down it. Answer: Down.
    TakeDown(UnitIndex),
    /// Its start deadline has passed: end it, whatever it takes. No answer is expected (the unit is failed already).
    Abandon(UnitIndex),
    /// Its stop deadline has passed: KILL. Answer: Down.
    Kill(UnitIndex),
    /// It changed: write the state file, the timeline, the console line.
    Report(Report),
}

/// One change of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which.
    pub unit: UnitIndex,
    /// What it was. `from` and `state` are both starting in the line that says that it takes long.
    pub from: State,
    /// What it is now.
    pub state: State,
    /// Why, for failed, skipped and degraded, and for down if it had to be killed; how long for "not ready after 10 s"
    /// (state starting).
    pub reason: Option<String>,
    /// Exit code, or 128 + signal.
    pub exit: Option<u32>,
    /// For waiting: what for.
    pub waits_for: Vec<UnitIndex>,
    /// When the state it comes from began: the time shown in the line is now less this.
    pub since: Nanoseconds,
}
