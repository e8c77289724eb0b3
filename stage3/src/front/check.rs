//! What the next boot is told about checking filesystems: an empty file on /, as sysvinit's tools leave and expect it.
//!
//! It is left when the system stops, not when somebody asks for that later: a stop that is called off leaves nothing.

use std::fs::File;
use std::io;
use std::path::Path;
use supervisor::paths;

/// How filesystems are to be checked at the next boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// As their state asks for.
    Usual,
    /// Whatever their state is.
    Forced,
    /// Not at all.
    Skipped,
}

impl Check {
    /// The word in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Forced => "force",
            Self::Skipped => "skip",
        }
    }

    /// The reverse.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Usual, Self::Forced, Self::Skipped].into_iter().find(|check| check.name() == name)
    }

    /// Leaves the file for it below `root`, if it takes one.
    pub fn leave(self, root: &Path) -> io::Result<()> {
        let file = match self {
            Self::Usual => return Ok(()),
            Self::Forced => paths::FORCE_FSCK,
            Self::Skipped => paths::FAST_BOOT,
        };
        File::create(root.join(file.trim_start_matches('/'))).map(|_| ())
    }
}
