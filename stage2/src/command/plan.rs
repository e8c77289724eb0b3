//! `sunup plan`: what a verb would do, in which order, and how long it takes.

use std::io::Write;
use std::path::PathBuf;

use super::failure::{Failure, Outcome};
use crate::places::Places;

/// What is asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// A verb and units, or a target.
    pub words: Vec<String>,
    /// `text`, `json` or `dot`; empty is text.
    pub format: String,
    /// Directories of units before the installed ones.
    pub units: Vec<PathBuf>,
    /// Directories of bundles before the installed ones.
    pub bundles: Vec<PathBuf>,
}

/// Writes the plan.
pub fn run(_places: &Places, _asked: &Asked, _out: &mut dyn Write) -> Outcome {
    Err(Failure::system("pending"))
}
