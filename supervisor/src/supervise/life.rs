//! What a running service says of itself, and that it must say something.

use crate::sys::signal;
use crate::tai::Tai64n;

use super::action::{Action, Actions, Target, Warning};
use super::event::{Event, Now, SILENT_GRACE};
use super::machine::Machine;

impl Machine {
    pub(super) fn become_ready(&mut self, now: &Now, actions: &mut Actions) {
        if self.main_pid().is_none() {
            return;
        }
        self.expect_life(now);
        if self.status.reloading {
            self.status.reloading = false;
            self.status.ready_since = now.label;
            actions.push(Action::Publish);
        }
        if !self.status.ready {
            self.status.ready = true;
            self.status.ready_since = now.label;
            actions.push(Action::Publish);
            actions.push(Action::Announce(b"U"));
        }
    }

    /// What it says about itself goes into the record; it changes nothing else.
    pub(super) fn announce_trouble(&mut self, event: Event, actions: &mut Actions) {
        if self.main_pid().is_some() {
            self.status.reloading |= event == Event::Reloading;
            self.status.stopping |= event == Event::Stopping;
            actions.push(Action::Publish);
        }
    }

    /// The next sign of life is due an interval from now.
    pub(super) fn expect_life(&mut self, now: &Now) {
        let is_watched = self.main_pid().is_some() && self.settings.watchdog > 0 && !self.asked;
        self.alive_by = is_watched.then(|| now.monotonic.saturating_add(self.settings.watchdog));
    }

    /// ABRT, so that it leaves a core to look at, and KILL if even that does not end it. That is a death.
    pub(super) fn end_silent(&mut self, now: &Now, actions: &mut Actions) {
        self.alive_by = None;
        if self.main_pid().is_none() || self.asked {
            return;
        }
        let grace = if self.settings.kill_after > 0 { self.settings.kill_after } else { SILENT_GRACE };
        self.kill_at = self.kill_at.or(Some(now.monotonic.saturating_add(grace)));
        actions.push(Action::Warn(Warning::Silent));
        actions.push(Action::Signal(signal::SIGABRT, Target::Main));
        actions.push(Action::Signal(signal::SIGCONT, Target::Main));
    }

    pub(super) fn be_unready(&mut self) {
        self.status.ready = false;
        self.status.ready_since = Tai64n::NEVER;
        self.status.reloading = false;
        self.status.stopping = false;
    }
}
