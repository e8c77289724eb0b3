//! States of a unit, as `state/NAME` and every report spell them.

/// What a unit is, or is on its way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not running, not asked for.
    Down,
    /// Asked for, but something it needs is not up yet.
    Waiting,
    /// Its command runs, readiness is awaited.
    Starting,
    /// Up, and ready if it can say so.
    Up,
    /// On its way down.
    Stopping,
    /// It did not get up, or ended for good.
    Failed,
    /// Its `if:` said no, which is not a failure.
    Skipped,
    /// Up, but something it wants is not.
    Degraded,
}

impl State {
    /// Every state, in the order of the names' table.
    pub const ALL: [Self; 8] = [
        Self::Down,
        Self::Waiting,
        Self::Starting,
        Self::Up,
        Self::Stopping,
        Self::Failed,
        Self::Skipped,
        Self::Degraded,
    ];

    /// The word in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Degraded => "degraded",
        }
    }

    /// It does its work: up, whether degraded or not.
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Degraded)
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
