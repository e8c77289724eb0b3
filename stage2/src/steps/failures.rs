//! A step over many entries goes on after a bad one: each failure is printed, the first is the step's error.

use super::StepError;
use super::say::warn;

/// What went wrong so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    first: Option<StepError>,
    more: usize,
}

impl Failures {
    /// Keeps the error of a result, if it is one.
    pub(super) fn note<T>(&mut self, result: Result<T, StepError>) {
        let Err(error) = result else { return };
        warn(&error);
        if self.first.is_none() {
            self.first = Some(error);
        } else {
            self.more += 1;
        }
    }

    /// The step's result.
    pub(super) fn finish(self) -> Result<(), StepError> {
        match (self.first, self.more) {
            (None, _) => Ok(()),
            (Some(error), 0) => Err(error),
            (Some(error), more) => Err(StepError::plain(format_args!("{error} (and {more} more)"))),
        }
    }
}
