//! The unit language: text → checked [`Unit`] → [`UnitSet`], and bundles.
//!
//! Nothing here runs anything or looks at processes; it reads files and tells everything that is wrong with them, with
//! file, line and column. It must never panic on any input, and never stop at the first error.

mod bundle;
mod check;
mod diagnostic;
mod executable;
pub mod import;
mod name;
mod print;
mod set;
mod source;
mod text;
mod tree;
mod unit;
mod yaml;

pub use bundle::{Bundle, Bundles};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use name::UnitName;
pub use set::UnitSet;
pub use unit::{Command, Condition, Edge, KillMode, Kind, Log, Longrun, Oneshot, Readiness, Step, Unit};
