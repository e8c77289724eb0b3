//! What a step could not do, and why.

use std::fmt::{self, Display, Formatter};
use std::io;

use nix::errno::Errno;

/// `unable to VERB OBJECT: CAUSE`, or `refused: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError(String);

impl StepError {
    /// From what was tried (`mount /home`) and a reason.
    pub(super) fn because(what: impl Display, cause: impl Display) -> Self {
        Self(format!("unable to {what}: {cause}"))
    }

    /// With the place in a file that asked for it: `/etc/fstab:3`.
    pub(super) fn at(self, place: impl Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }

    /// A whole sentence of our own.
    pub(super) fn plain(text: impl Display) -> Self {
        Self(text.to_string())
    }
}

impl Display for StepError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StepError {}

/// Turns a system's answer into a [`StepError`] where it arises.
pub(super) trait Trying<T> {
    /// Says what was tried.
    fn trying(self, what: impl Display) -> Result<T, StepError>;
}

impl<T, E: Into<io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, what: impl Display) -> Result<T, StepError> {
        self.map_err(|error| {
            let error = error.into();
            let text = error.raw_os_error().map_or_else(|| error.to_string(), |n| Errno::from_raw(n).desc().to_owned());
            StepError::because(what, text)
        })
    }
}
