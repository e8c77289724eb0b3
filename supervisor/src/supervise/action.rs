//! What the machine asks for.

use crate::status::LastExit;

/// Which program of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `run`.
    Run,
    /// `finish`, told how `run` ended and which process group it had.
    Finish {
        /// How it ended.
        exit: LastExit,
        /// Its group, which was its pid.
        group: u32,
    },
}

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The process that supervise looks after.
    Main,
    /// Its process group.
    Group,
    /// Every process of the service: its control group, or its process group where there is none.
    All,
}

/// What the operator is to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It ended early, again; seconds to the next try.
    Loops(LastExit, u64),
    /// It ended too often in too short a time: `max-deaths`.
    TooManyDeaths(LastExit),
    /// No sign of life in time: `watchdog`.
    Silent,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a process for the program. Answer `Forked` before its exec, then `Executed` or `NotExecuted`; or `NotForked`, or
    /// `NoFinish`.
    Start(Program),
    /// The status record has changed. It is to be written before anyone is told of anything, and before supervise waits.
    Publish,
    /// Tell the listeners in `event/` these letters.
    Announce(&'static [u8]),
    /// Send a signal.
    Signal(u32, Target),
    /// Send a signal, unless the service has a program of its own for the letter that asked for it.
    Ask(u8, u32, Target),
    /// Run the service's own program for a letter, if there is one; whatever it answers, nothing is sent.
    Tell(u8),
    /// Create (false) or remove (true) the `down` file.
    SetNormallyUp(bool),
    /// Note an unasked end in the tally.
    Record(LastExit),
    /// Forget the unasked ends.
    ClearTally,
    /// Say something.
    Warn(Warning),
    /// Tell the service that `wakes` names.
    Wake,
    /// Stop looking after the service.
    Leave,
}

/// Most actions of one step.
const MOST: usize = 10;

/// The actions of one step, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actions {
    list: [Option<Action>; MOST],
    count: usize,
}

impl Actions {
    /// Appends an action.
    pub fn push(&mut self, action: Action) {
        if let Some(slot) = self.list.get_mut(self.count) {
            *slot = Some(action);
            self.count += 1;
        }
    }

    /// The actions.
    pub fn iter(&self) -> impl Iterator<Item = Action> + '_ {
        self.list.iter().flatten().copied()
    }
}
