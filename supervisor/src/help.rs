//! The two options that every program has: `--help` and `--version`, here of those that have no standard library.
//!
//! Only as the sole argument, so that nothing that worked with daemontools changes its meaning.

use crate::sys::descriptor::STDOUT;
use crate::sys::start::Stack;

/// What these options print.
#[derive(Clone, Copy, Debug)]
pub struct Help {
    /// For `--help`.
    pub usage: &'static str,
    /// For `--version`.
    pub version: &'static str,
}

impl Help {
    /// Answers `--help` or `--version` and gives the exit code; `None` when neither is the sole argument.
    pub fn answer(&self, stack: &Stack) -> Option<i32> {
        let argument = stack.argument(1).filter(|_| stack.len() == 2)?;
        let text = match argument.to_bytes() {
            b"--help" => self.usage,
            b"--version" => self.version,
            _ => return None,
        };
        Some(if STDOUT.write_all(text.as_bytes()).is_ok() { 0 } else { 111 })
    }
}
