//! `sunup step NAME`: a native step by hand, in the operator's own process. The one verb that acts by itself: it is what a
//! one-shot's `do:` runs, for the machine whose engine cannot be asked.

use units::Step;

use super::failure::{Failure, Outcome};
use crate::steps;

/// The words of all steps.
pub const NAMES: [&str; Step::ALL.len()] = {
    let mut names = [""; Step::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = Step::ALL[at].1;
        at += 1;
    }
    names
};

/// Does the step, or only says what it would do. Exit 0, or 1 if it could not be done.
pub fn run(name: &str, is_dry: bool) -> Outcome {
    let step = Step::ALL.iter().find(|(_, word)| *word == name).map(|(step, _)| step);
    let step = step.ok_or_else(|| Failure::usage(format!("no step is named {name}")))?;
    let done = if is_dry { steps::tell(step) } else { steps::by_hand(step) };
    done.map(|()| 0).map_err(|error| Failure { message: error.to_string(), code: 1 })
}
