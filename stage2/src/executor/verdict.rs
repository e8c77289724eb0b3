//! What is found out about a unit before it begins: whether it is to be skipped, and whether there is something to execute.

use serde::{Deserialize, Serialize};
use supervisor::paths::service::RUN;
use units::{Kind, Program, Unit};

use super::context::{can_run, is_confined};
use crate::system::command_lookup::look_up;
use crate::system::condition::Surroundings;
use crate::system::look::Looking;

/// What becomes of a unit that is to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    /// It begins.
    Begin,
    /// It is skipped, for this reason.
    Skip(String),
    /// It has failed, for this reason.
    Fail(String),
}

impl Verdict {
    /// Of a unit; `None` where looking does not tell.
    pub fn of(surroundings: &Surroundings, unit: &Unit, looking: Looking) -> Option<Self> {
        let user = unit.kind.context().and_then(|context| context.user.as_deref());
        let unmapped = || user.and_then(|user| surroundings.unmapped(user));
        if let Some(reason) = surroundings.reason_to_skip(&unit.conditions, looking)?.or_else(unmapped) {
            return Some(Self::Skip(reason));
        }
        Some(match can_execute(&unit.kind, looking)? {
            Ok(()) => Self::Begin,
            Err(reason) => Self::Fail(reason),
        })
    }
}

/// Whether there is something to execute, as far as that can be told before.
fn can_execute(kind: &Kind, looking: Looking) -> Option<Result<(), String>> {
    match kind {
        Kind::Milestone => Some(Ok(())),
        Kind::Oneshot(oneshot) => match &oneshot.start {
            Some(command) if is_confined(&oneshot.context) || !oneshot.steps.is_empty() => {
                can_run(&oneshot.context, command, looking)
            }
            // Exec will say it, at the same moment.
            Some(_) | None => Some(Ok(())),
        },
        Kind::Longrun(longrun) => match &longrun.program {
            Program::Command(command) => can_run(&longrun.context, command, looking),
            Program::ServiceDirectory(directory) => look_up(&directory.join(RUN).to_string_lossy(), looking),
        },
    }
}
