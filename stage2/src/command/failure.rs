//! How a verb ends when it cannot do its work.

use std::fmt::{self, Display, Formatter};

/// A message and an exit code: 1 a documented "no", 100 usage, 111 system failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `unable to do what: cause`, without program and level.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// The operator asked for something that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 100 }
    }

    /// The system refused.
    pub fn system(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 111 }
    }

    /// `unable to WHAT: CAUSE`.
    pub fn unable(what: impl Display, cause: impl Display) -> Self {
        Self::system(format!("unable to {what}: {cause}"))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What verbs return: an exit code or a failure.
pub type Outcome = Result<u8, Failure>;
