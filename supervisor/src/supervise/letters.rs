//! What the letters of the control FIFO do to a service. Unknown ones do nothing.

use crate::control::supervise as letter;
use crate::status::{Phase, Want};
use crate::sys::signal;

use super::action::{Action, Actions, Target};
use super::event::Now;
use super::machine::{Machine, State};

/// The signal of a letter that is one and nothing more, and whom it is for.
const SIGNALS: [(u8, u32, Target); 15] = [
    (letter::PAUSE, signal::SIGSTOP, Target::Main),
    (letter::CONTINUE, signal::SIGCONT, Target::Main),
    (letter::HANGUP, signal::SIGHUP, Target::Main),
    (letter::ALARM, signal::SIGALRM, Target::Main),
    (letter::INTERRUPT, signal::SIGINT, Target::Main),
    (letter::TERMINATE, signal::SIGTERM, Target::Main),
    (letter::KILL, signal::SIGKILL, Target::Main),
    (letter::QUIT, signal::SIGQUIT, Target::Main),
    (letter::ABORT, signal::SIGABRT, Target::Main),
    (letter::USER1, signal::SIGUSR1, Target::Main),
    (letter::USER2, signal::SIGUSR2, Target::Main),
    (letter::WINDOW, signal::SIGWINCH, Target::Main),
    (letter::PAUSE_GROUP, signal::SIGSTOP, Target::Group),
    (letter::CONTINUE_GROUP, signal::SIGCONT, Target::Group),
    (letter::KILL_GROUP, signal::SIGKILL, Target::Group),
];

impl Machine {
    pub(super) fn take_letter(&mut self, letter: u8, now: &Now, actions: &mut Actions) {
        match letter {
            letter::UP_NORMALLY => self.set_normally_up(true, actions),
            letter::DOWN_NORMALLY | letter::ONCE_NORMALLY => self.set_normally_up(false, actions),
            _ => (),
        }
        match letter {
            letter::UP | letter::UP_NORMALLY => self.want_up(Want::Up, now, actions),
            letter::ONCE => self.want_up(Want::Once, now, actions),
            letter::NO_RESTART | letter::ONCE_NORMALLY if self.status.want == Want::Up => self.want_no_restart(),
            letter::DOWN | letter::DOWN_NORMALLY => self.want_down(now, actions),
            letter::EXIT if self.settings.is_runit => {
                self.leaving = true;
                self.go_down(letter, now, actions);
            }
            letter::EXIT => self.leaving = true,
            letter::READY if self.status.phase == Phase::Run => self.become_ready(now, actions),
            letter::PAUSE => self.status.paused = true,
            letter::CONTINUE => self.status.paused = false,
            letter::TERMINATE if self.is_alive() => self.status.got_term = true,
            letter::RESTART if self.is_alive() => self.stop(now, actions),
            letter::RELOAD if self.is_alive() => {
                actions.push(Action::Ask(letter, self.settings.reload_signal, Target::Main));
            }
            _ => (),
        }
        self.signal_for(letter, actions);
        actions.push(Action::Publish);
    }

    fn signal_for(&mut self, letter: u8, actions: &mut Actions) {
        let Some(&(_, signal, target)) = SIGNALS.iter().find(|(known, _, _)| *known == letter) else { return };
        // A finish is not the service: of all letters only KILL is for it.
        if self.is_alive() {
            self.asked |= signal == signal::SIGKILL || signal == signal::SIGTERM;
            actions.push(Action::Ask(letter, signal, target));
        } else if self.state == State::Finishing && signal == signal::SIGKILL {
            actions.push(Action::Signal(signal, target));
        }
    }

    fn set_normally_up(&mut self, up: bool, actions: &mut Actions) {
        self.status.normally_up = up;
        actions.push(Action::SetNormallyUp(up));
    }

    pub(super) fn is_alive(&self) -> bool {
        self.main_pid().is_some()
    }

    fn want_up(&mut self, want: Want, now: &Now, actions: &mut Actions) {
        self.status.want = want;
        self.pace.forgive();
        if self.status.ended_for_good {
            // Otherwise its next end would be one too many again.
            actions.push(Action::ClearTally);
        }
        self.status.ended_for_good = false;
        if self.state == State::Idle {
            self.start_at = Some(now.monotonic);
        }
    }

    fn want_no_restart(&mut self) {
        self.status.want = Want::Once;
        self.start_at = None;
        self.postponed = false;
    }

    pub(super) fn want_down(&mut self, now: &Now, actions: &mut Actions) {
        self.go_down(letter::DOWN, now, actions);
    }

    /// `letter`: whose program is run when the down signal has been sent.
    fn go_down(&mut self, letter: u8, now: &Now, actions: &mut Actions) {
        self.status.want = Want::Down;
        self.start_at = None;
        self.postponed = false;
        if self.is_alive() {
            self.stop(now, actions);
            actions.push(Action::Tell(letter));
        }
    }

    /// The down signal, and CONT so that a paused service can obey.
    fn stop(&mut self, now: &Now, actions: &mut Actions) {
        let target = self.everybody();
        self.asked = true;
        self.status.got_term = true;
        self.status.paused = false;
        actions.push(Action::Ask(letter::TERMINATE, self.settings.down_signal, target));
        actions.push(Action::Signal(signal::SIGCONT, target));
        self.limit_stop(now);
    }

    /// KILL comes when the stop takes too long, if the service wants that.
    pub(super) fn limit_stop(&mut self, now: &Now) {
        if self.settings.kill_after > 0 && self.kill_at.is_none() {
            self.kill_at = Some(now.monotonic.saturating_add(self.settings.kill_after));
        }
    }
}
