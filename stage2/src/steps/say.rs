//! What a step prints. Not by `println!` and its kin, which panic where nobody takes it.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// What the step did or would do.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// What does not make the step a failure.
pub(super) fn warn(text: &impl Display) {
    let _ = writeln!(stderr(), "{text}");
}
