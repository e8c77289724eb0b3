//! What the executor is doing about one unit.

use std::collections::VecDeque;

use supervisor::status::Status;

use super::verdict::Verdict;
use crate::engine::event::Nanoseconds;
use crate::oneshot::JobNumber;
use crate::readiness::Probe;
use crate::system::scout::Scout;

/// Lines of output that the `[fail]` line shows.
pub(super) const LINES_KEPT: usize = 5;

/// One unit's part.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// What is going on.
    pub doing: Doing,
    /// The process that runs for it.
    pub pid: Option<u32>,
    /// Processor time that its one-shot used, if that was ours to start.
    pub used: Option<Nanoseconds>,
    /// The kind that its state file says, of a unit that is up and has lost its file.
    pub former_kind: Option<String>,
    /// The last lines that its one-shot said.
    pub lines: VecDeque<String>,
}

/// What is going on.
#[derive(Debug, Default)]
pub(super) enum Doing {
    /// Nothing.
    #[default]
    Nothing,
    /// What it needs is looked at, before it begins; `None`: as soon as a scout may be sent.
    LookedAt(Option<Scout<Option<Verdict>>>),
    /// The keeper has its one-shot's job, and begins it when its turn comes.
    Foreseen(JobNumber),
    /// A one-shot's command runs.
    Oneshot(Running),
    /// A longrun was told to come up.
    Starting(Starting),
    /// A longrun is up; until then, an end with exit code 126 or 127 means that it never was.
    Up {
        /// Until when.
        probation: Option<Probation>,
    },
    /// A longrun was told to go down.
    Stopping,
}

/// The time in which a longrun may turn out never to have been up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probation {
    /// Its end.
    pub end: Nanoseconds,
    /// What was executed first is not the command itself: nobody knows yet whether that can be.
    pub is_needed: bool,
}

/// A one-shot that runs.
#[derive(Debug)]
pub(super) struct Running {
    /// The keeper's number for it.
    pub job: JobNumber,
    /// It runs `stop`, not `start`.
    pub is_stop: bool,
    /// What its end will mean.
    pub ending: Ending,
}

/// What the end of a one-shot's command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// What its outcome says.
    Outcome,
    /// It was starting and was told to stop: it is down.
    Down,
    /// Nothing: it was given up.
    Abandoned,
    /// That the unit may begin: one that was given up was in the way.
    Awaited,
}

/// A longrun that was told to come up.
#[derive(Debug)]
pub(super) struct Starting {
    /// Its status record before that, which says nothing about now.
    pub before: Option<Status>,
    /// The process of the logger that makes room for another before its supervise is told.
    pub former_logger: Option<u32>,
    /// Its supervise was told.
    pub is_told: bool,
    /// Its command runs.
    pub is_executed: bool,
    /// How its readiness is found out, once its command runs.
    pub probe: Option<Probe>,
}

impl Activity {
    /// Keeps a line of output.
    pub fn push_line(&mut self, line: String) {
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}
