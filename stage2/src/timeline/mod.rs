//! What a boot was like, told from its timeline: which unit took how long, what the end waited for, and what would
//! have come sooner. Everything here is pure but [`archive`]; nothing here may touch a unit.

pub mod archive;
mod boot;
pub mod chart;
mod critical;
mod difference;
mod schedule;
mod svg;
mod trace;

pub use boot::{Boot, Ending, Span, Step};
pub use critical::{path, slack};
pub use difference::{Change, differences};
pub use schedule::{Alteration, Schedule};
pub use trace::trace;
