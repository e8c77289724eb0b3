//! What a step could not do, and why.

use std::fmt::{self, Display, Formatter};
use std::io;

use nix::errno::Errno;

/// `unable to VERB OBJECT: CAUSE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    what: String,
    cause: String,
}

impl Failure {
    /// From what was tried (`mount /sys`) and the system's answer.
    pub fn new(what: impl Display, cause: impl Into<io::Error>) -> Self {
        let cause = cause.into();
        let text = cause.raw_os_error().map_or_else(|| cause.to_string(), |n| Errno::from_raw(n).desc().to_owned());
        Self { what: what.to_string(), cause: text }
    }

    /// From what was tried and a reason of our own.
    pub fn because(what: impl Display, cause: impl Display) -> Self {
        Self { what: what.to_string(), cause: cause.to_string() }
    }

    /// With a remark after the cause: what is done instead.
    pub fn remark(mut self, text: impl Display) -> Self {
        self.cause = format!("{} ({text})", self.cause);
        self
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "unable to {}: {}", self.what, self.cause)
    }
}

/// Turns a system's answer into a [`Failure`] where it arises.
pub trait Trying<T> {
    /// Says what was tried.
    fn trying(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|cause| Failure::new(what, cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cause is the system's text without numbers.
    #[test]
    fn text() {
        assert_eq!(Failure::new("mount /sys", Errno::EINVAL).to_string(), "unable to mount /sys: Invalid argument");
        let error: Result<(), _> = Err(io::Error::from_raw_os_error(2)).trying("read x");
        assert_eq!(error.unwrap_err().to_string(), "unable to read x: No such file or directory");
    }
}
