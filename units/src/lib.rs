//! The unit language: text → checked [`Unit`] → [`UnitSet`], and bundles.
//!
//! Nothing here runs anything or looks at processes; it reads files and tells everything that is wrong with them, with
//! file, line and column. It must never panic on any input, and never stop at the first error.

mod accounts;
mod bundle;
mod cache;
mod check;
mod checksum;
mod claims;
mod command;
mod condition;
mod context;
mod diagnostic;
mod drop_in;
mod executable;
pub mod import;
mod init_scripts;
mod language;
mod log;
mod longrun;
mod name;
mod parallel;
mod preparation;
mod print;
mod reading;
mod ready;
mod schema;
mod set;
mod settings;
mod signal;
mod socket;
mod source;
mod step;
mod text;
mod time;
mod tree;
mod unit;
mod variables;
mod yaml;

pub use bundle::{Bundle, Bundles};
pub use check::parse_duration;
pub use command::Command;
pub use condition::Condition;
pub use context::{Bound, Context, Limit};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use drop_in::SUFFIX as DROP_INS;
pub use log::{Log, WhenFull};
pub use longrun::{KillMode, Longrun, MaxDeaths, Program, Restart};
pub use name::{NameHasher, NameMap, UnitName};
pub use parallel::at_once;
pub use ready::Readiness;
pub use schema::{settings_schema, unit_schema};
pub use set::{Reading, UnitSet};
pub use settings::{CgroupLayout, Colour, Console, Deadlines, Scanner, Settings, SignalPreset};
pub use signal::Signal;
pub use socket::{Address, Socket};
pub use step::Step;
pub use text::nearest;
pub use unit::{Edge, Kind, Oneshot, Unit};
pub use variables::Variables;
