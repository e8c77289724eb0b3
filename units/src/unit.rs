//! A checked unit: what remains of the text once nothing is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use crate::{Command, Condition, Context, Longrun, Place, Step, UnitName};

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name: the file's, or the document's `name:`.
    pub name: UnitName,
    /// Where it begins.
    pub place: Place,
    /// `description`, or the name where there is none.
    pub description: String,
    /// `kind` and what belongs to it.
    pub kind: Kind,
    /// `needs`: must be up first; if it fails or ends for good, so does this.
    pub needs: Vec<Edge>,
    /// `wants`: pulled in and waited for; its failure is tolerated.
    pub wants: Vec<Edge>,
    /// `after`: order only.
    pub after: Vec<Edge>,
    /// `before`: order only.
    pub before: Vec<Edge>,
    /// `conflicts`: never up together.
    pub conflicts: Vec<Edge>,
    /// `provides`: further names of this unit, and where each stands.
    pub provides: Vec<(UnitName, Place)>,
    /// `essential`: its failure sends the boot to the rescue bundle.
    pub essential: bool,
    /// `if`: all must hold, else the unit is skipped.
    pub conditions: Vec<Condition>,
    /// `start-timeout`; 60 s where it is not given. `None`: none (`start-timeout: none`, for fsck and passphrases).
    pub start_timeout: Option<Duration>,
    /// `stop-timeout`, after which the unit is killed; 10 s where it is not given.
    pub stop_timeout: Duration,
}

/// A name in `needs`, `wants`, `after`, `before` or `conflicts`, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The unit that is named.
    pub unit: UnitName,
    /// Where.
    pub place: Place,
}

/// `kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A supervised process.
    Longrun(Longrun),
    /// Something done once, and perhaps undone.
    Oneshot(Oneshot),
    /// A name for a point in the order; does nothing.
    Milestone,
}

impl Kind {
    /// The word in the YAML and in state files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Longrun(_) => "longrun",
            Self::Oneshot(_) => "oneshot",
            Self::Milestone => "milestone",
        }
    }

    /// What its processes begin with; a milestone has none.
    pub fn context(&self) -> Option<&Context> {
        match self {
            Self::Longrun(longrun) => Some(&longrun.context),
            Self::Oneshot(oneshot) => Some(&oneshot.context),
            Self::Milestone => None,
        }
    }
}

/// Something done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oneshot {
    /// `start`, absent where there are only steps.
    pub start: Option<Command>,
    /// `stop`.
    pub stop: Option<Command>,
    /// `reload`.
    pub reload: Option<Command>,
    /// `do`: native steps, in order, before `start`.
    pub steps: Vec<(Step, Place)>,
    /// Everything about the commands' surroundings.
    pub context: Arc<Context>,
}
