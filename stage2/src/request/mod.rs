//! What is asked for: a [`Request`] from the [`queue`], resolved to a [`target`] of units, and at the end the
//! [`verdict`] that answers it.

pub mod problems;
pub mod queue;
pub mod refusal;
pub mod target;
pub mod verdict;

mod message;

pub use message::{Answer, Request, Verb};
