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
    /// The process that supervise started.
    Main,
    /// Its process group.
    Group,
    /// Every process of the service: its control group, or its process group where there is none.
    All,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Fork a process for the program; it waits. Answer `Forked`, `NotForked` or `NoFinish`.
    Start(Program),
    /// Write the status record.
    Publish,
    /// Let the forked process go on to its exec.
    LetGo,
    /// Send a signal.
    Signal(u32, Target),
    /// Create (false) or remove (true) the `down` file.
    SetNormallyUp(bool),
    /// Tell the service that `wakes` names.
    Wake,
    /// Stop looking after the service.
    Leave,
}

/// Most actions of one step: two for a `down` file and a record, two signals, and one of each other kind.
const MOST: usize = 8;

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
