//! One unit of a graph.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

use units::{Kind, Unit, UnitName};

/// `stop-timeout` of what has no file.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A unit, or the name of one that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vertex {
    /// Its name.
    pub name: UnitName,
    /// The unit; `None` if there is none that can be used (then `problem` says why).
    pub unit: Option<Arc<Unit>>,
    /// Why it fails without being tried.
    pub problem: Option<Problem>,
}

impl Vertex {
    /// `start-timeout`; `None`: there is none.
    pub fn start_timeout(&self) -> Option<Duration> {
        self.unit.as_ref().and_then(|unit| unit.start_timeout)
    }

    /// Its start is work that is waited for, and may keep a processor busy: a one-shot that does something, or a service
    /// that is asked whether it is ready.
    pub fn has_work(&self) -> bool {
        match self.unit.as_ref().map(|unit| &unit.kind) {
            Some(Kind::Oneshot(oneshot)) => oneshot.start.is_some() || !oneshot.steps.is_empty(),
            Some(Kind::Longrun(longrun)) => longrun.ready.is_some(),
            Some(Kind::Milestone) | None => false,
        }
    }

    /// `stop-timeout`. One that has lost its file while it was up has that of a unit that says nothing.
    pub fn stop_timeout(&self) -> Duration {
        self.unit.as_ref().map_or(STOP_TIMEOUT, |unit| unit.stop_timeout)
    }
}

/// Why a unit fails without being tried. Display is the reason in its `[fail]` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It was asked for by name, and there is none.
    Absent,
    /// Its text has errors; the first of them, with its place, in one line.
    Broken(String),
    /// It needs a unit that does not exist.
    NeedsAbsent(UnitName),
    /// It conflicts with this unit, which is asked for as well.
    Conflicts(UnitName),
}

impl Problem {
    /// What follows `needs X, which` in the line of a unit that needs this one.
    pub fn clause(&self) -> String {
        match self {
            Self::Absent => "does not exist".into(),
            Self::Broken(error) => format!("has errors: {error}"),
            Self::NeedsAbsent(_) => "failed".into(),
            Self::Conflicts(name) => format!("conflicts with {name}"),
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no unit of this name"),
            Self::Broken(error) => f.write_str(error),
            Self::NeedsAbsent(name) => write!(f, "needs {name}, which does not exist"),
            Self::Conflicts(name) => write!(f, "conflicts with {name}, which is asked for as well"),
        }
    }
}
