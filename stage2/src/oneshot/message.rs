//! What engine and keeper tell each other: one JSON object a line, over a socket.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::record::Outcome;

/// Numbers the jobs of one keeper.
pub type JobNumber = u64;

/// What the keeper is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Run this.
    Run(Job),
    /// Forget all jobs that have not begun; answered by [`Report::Withdrawn`].
    Withdraw,
    /// KILL a job's process group; its end is reported as any other.
    Kill(JobNumber),
    /// TERM it.
    Terminate(JobNumber),
}

/// A one-shot to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub number: JobNumber,
    /// Jobs that have to end well before it begins. Once one of them ends in another way, or unnoted, it is
    /// forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<JobNumber>,
    /// The unit's name.
    pub unit: String,
    /// The name of its notes: the unit's, or another for what says nothing about the unit's state.
    pub note: String,
    /// It runs `stop`, not `start`.
    pub is_stop: bool,
    /// Words of native steps, done first.
    pub steps: Vec<String>,
    /// The command; empty: there are only steps.
    pub command: Vec<String>,
    /// The control-group leaf, where there are control groups.
    pub cgroup: Option<PathBuf>,
}

/// What a keeper tells. All of it may be lost: [`super::Records`] has what counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// The command runs in this process.
    Executed(JobNumber, u32),
    /// The one-shot said this.
    Output(JobNumber, String),
    /// It has ended, and that is on disk.
    Done(JobNumber, Outcome),
    /// It has ended, and that could not be written: jobs after it are forgotten, however it ended.
    Unnoted(JobNumber, Outcome),
    /// Only what was told to run, or has been reported, runs from now on.
    Withdrawn,
}
