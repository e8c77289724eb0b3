//! What waits for something to come up: files on a root that is read-only yet, and whoever must hear that an essential
//! unit has failed.

use std::path::PathBuf;

use supervisor::state::State;

use super::{Essential, Executor};
use crate::engine::event::Report;
use crate::system::replace::replace_kept;

impl Executor {
    /// Replaces a file that is kept from boot to boot, now or as soon as a unit that comes up makes that possible. The last content wins.
    pub fn write_when_possible(&mut self, path: PathBuf, content: Vec<u8>) {
        self.postponed.insert(path, content);
        self.write_postponed();
    }

    pub(super) fn write_postponed(&mut self) {
        self.postponed.retain(|path, content| replace_kept(path, content, 0o644).is_err());
    }

    /// From now on, an essential unit that fails ends [`Executor::run`]; or not.
    pub fn watch_essential(&mut self, is_watched: bool) {
        self.essential = if is_watched { Essential::Watched } else { Essential::Ignored };
    }

    /// Why the boot is to go on in the rescue bundle; it is told once.
    pub fn take_reason_to_rescue(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.essential, Essential::Ignored) {
            Essential::Failed(reason) => Some(reason),
            other => {
                self.essential = other;
                None
            }
        }
    }

    pub(super) fn notice_essential(&mut self, report: &Report, name: &str) {
        let is_essential = self.unit(report.unit).is_some_and(|unit| unit.essential);
        if is_essential && report.state == State::Failed {
            self.rescue(format!("essential unit {name} failed"));
        }
    }

    /// Has the boot go on in the rescue bundle, if that still matters.
    pub(super) fn rescue(&mut self, reason: String) {
        if matches!(self.essential, Essential::Watched) {
            self.essential = Essential::Failed(reason);
            self.has_requests = true;
        }
    }
}
