//! How a verb ends when it cannot do its work.

use std::fmt::{self, Display, Formatter};

use crate::system::places::Places;
use crate::timeline::archive::NotFound;

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

    /// Nobody is there whom the verb is about: what shows it, and what helps.
    pub fn nobody(places: &Places, shown_by: impl Display) -> Self {
        let advice = match places.is_user {
            true => "your services do not run (sunup --user boot --detach begins them)",
            false => "sunup does not run here",
        };
        Self::system(format!("{shown_by}: {advice}"))
    }

    /// `unable to WHAT: CAUSE`.
    pub fn unable(what: impl Display, cause: impl Display) -> Self {
        Self::system(format!("unable to {what}: {cause}"))
    }
}

impl From<NotFound> for Failure {
    fn from(missing: NotFound) -> Self {
        match missing {
            NotFound::Unknown { .. } => Self::usage(missing.to_string()),
            NotFound::Unreadable(..) => Self::system(missing.to_string()),
        }
    }
}

impl Display for Failure {
    /// The system's errors in words: their numbers say nothing more.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rest = self.message.as_str();
        while let Some((words, end)) = rest.split_once(" (os error ") {
            f.write_str(words)?;
            rest = end.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(')');
        }
        f.write_str(rest)
    }
}

/// What verbs return: an exit code or a failure.
pub type Outcome = Result<u8, Failure>;

#[cfg(test)]
mod tests {
    use super::*;

    /// An error of the system is told in words.
    #[test]
    fn without_numbers() {
        let absent = || std::io::Error::from_raw_os_error(2);
        let failure = Failure::unable("read", format!("a: {}, b: {}", absent(), absent()));
        assert_eq!(failure.to_string(), "unable to read: a: No such file or directory, b: No such file or directory");
    }
}
