//! Histories of one service, told to the machine without a process.

use super::action::{Action, Program, Target, Warning};
use super::event::{DRAIN_GRACE, DRAIN_LIMIT, Event, Now, SECOND, SILENT_GRACE, Settings};
use super::machine::Machine;
use crate::control::supervise as letter;
use crate::restart::Restart;
use crate::status::{LastExit, Phase, Want};
use crate::sys::signal::{SIGABRT, SIGCONT, SIGKILL, SIGSTOP, SIGTERM};
use crate::tai::Tai64n;

/// A machine and a clock.
pub(super) struct History {
    pub(super) machine: Machine,
    pub(super) now: u64,
    pub(super) settings: Settings,
}

impl History {
    pub(super) fn new(normally_up: bool) -> Self {
        Self { machine: Machine::new(normally_up), now: 100 * SECOND, settings: Settings::DEFAULT }
    }

    pub(super) fn step(&mut self, event: Event) -> Vec<Action> {
        let label = Tai64n::from_unix((self.now / SECOND) as i64, 0);
        let now = Now { monotonic: self.now, since_boot: self.now, label };
        let actions = self.machine.step(event, &now);
        // Records and announcements have tests of their own.
        let is_quiet = |action: &Action| {
            !matches!(action, Action::Publish | Action::Announce(_) | Action::Record(_) | Action::Tell(_))
        };
        actions.iter().filter(is_quiet).collect()
    }

    /// The letters that listeners hear in a step.
    fn heard(&mut self, event: Event) -> Vec<u8> {
        let label = Tai64n::from_unix((self.now / SECOND) as i64, 0);
        let now = Now { monotonic: self.now, since_boot: self.now, label };
        let actions = self.machine.step(event, &now);
        let letters = actions.iter().filter_map(|action| match action {
            Action::Announce(letters) => Some(letters),
            _ => None,
        });
        letters.flatten().copied().collect()
    }

    pub(super) fn letter(&mut self, letter: u8) -> Vec<Action> {
        self.step(Event::Letter(letter))
    }

    /// From the answer `Start(Run)` to a running process.
    pub(super) fn run(&mut self, pid: u32) {
        assert_eq!(self.step(Event::Forked(pid, 7, self.settings)), []);
        assert_eq!(self.machine.status().phase, Phase::Down);
        assert_eq!(self.step(Event::Executed), []);
        assert_eq!(self.machine.status().phase, Phase::Run);
    }

    /// The process ends; there is no finish.
    pub(super) fn end(&mut self, pid: u32, status: u16) -> Vec<Action> {
        let exit = LastExit::Status(status);
        let finish = Action::Start(Program::Finish { exit, group: pid });
        let mut actions = self.step(ended(pid, exit));
        assert_eq!(actions.pop(), Some(finish));
        actions.extend(self.step(Event::NoFinish));
        actions
    }
}

pub(super) const RUN: Action = Action::Start(Program::Run);

pub(super) fn ended(pid: u32, exit: LastExit) -> Event {
    Event::Ended { pid, exit, is_last: false }
}

/// What runs can be called ready by somebody else, once; what does not, cannot.
#[test]
fn called_ready() {
    let mut history = History::new(false);
    history.step(Event::Begin);
    history.letter(letter::READY);
    assert!(!history.machine.status().ready);
    history.letter(letter::UP);
    history.run(5);
    assert_eq!(history.heard(Event::Letter(letter::READY)), b"U");
    assert!(history.machine.status().ready);
    assert_eq!(history.heard(Event::Letter(letter::READY)), b"");
    history.end(5, 0x100);
    assert!(!history.machine.status().ready);
    history.letter(letter::READY);
    assert!(!history.machine.status().ready);
}

/// A service that lived a second starts again at once, a short one a second after its last start.
#[test]
fn restart_delay() {
    let mut history = History::new(true);
    assert_eq!(history.step(Event::Begin), [RUN]);
    history.run(5);
    history.now += SECOND;
    assert_eq!(history.end(5, 0), [RUN]);
    history.run(6);
    history.now += SECOND / 4;
    assert_eq!(history.end(6, 9), []);
    assert_eq!(history.machine.deadline(), Some(history.now + 3 * SECOND / 4));
    history.now += SECOND * 3 / 4;
    assert_eq!(history.step(Event::Time), [RUN]);
    history.run(7);
    history.step(Event::Ready);
    history.now += SECOND;
    assert_eq!(history.end(7, 9), [RUN]);
    history.run(8);
    history.step(Event::Ready);
    assert!(history.machine.status().ready);
    assert_eq!(history.end(8, 9), [RUN], "it had been ready");
    assert!(!history.machine.status().ready);
    assert_eq!(history.machine.status().deaths, 4);
}

/// `d` is the down signal and CONT, and the service stays down; it is no death.
#[test]
fn down_and_up() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    let stop = [Action::Ask(b't', SIGTERM, Target::Main), Action::Signal(SIGCONT, Target::Main)];
    assert_eq!(history.letter(b'd'), stop);
    assert!(history.machine.status().got_term);
    assert_eq!(history.end(5, 15), []);
    assert_eq!((history.machine.status().want, history.machine.status().deaths), (Want::Down, 0));
    assert_eq!(history.machine.deadline(), None);
    assert_eq!(history.letter(b'u'), [RUN]);
}

/// With a `down` file nothing starts; `o` starts once; a second start is never asked for while one is alive.
#[test]
fn once() {
    let mut history = History::new(false);
    assert_eq!(history.step(Event::Begin), []);
    assert_eq!(history.letter(b'o'), [RUN]);
    history.run(5);
    assert_eq!(history.letter(b'o'), []);
    assert_eq!(history.letter(b'?'), []);
    assert_eq!(history.end(5, 0), []);
    assert_eq!(history.machine.status().want, Want::Once);
}

/// `x` waits until the service is down, its finish included.
#[test]
fn exit() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    assert_eq!(history.letter(b'x'), []);
    history.step(ended(5, LastExit::Status(0)));
    assert_eq!(history.step(Event::Forked(6, 1, history.settings)), []);
    assert_eq!(history.machine.status().phase, Phase::Finish);
    assert_eq!(history.step(ended(6, LastExit::Status(0))), [Action::Leave]);
    let mut history = History::new(false);
    history.step(Event::Begin);
    assert_eq!(history.letter(b'x'), [Action::Leave]);
}

/// `finish` with 125 ends the service for good, until `u`.
#[test]
fn ended_for_good() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    history.step(ended(5, LastExit::Status(1 << 8)));
    history.step(Event::Forked(6, 1, history.settings));
    assert_eq!(history.step(ended(6, LastExit::Status(125 << 8))), [Action::Wake]);
    assert!(history.machine.status().ended_for_good);
    assert_eq!(history.machine.deadline(), None);
    assert_eq!(history.letter(b'u'), [Action::ClearTally, RUN]);
    assert!(!history.machine.status().ended_for_good);
}

/// The `restart` file decides about unasked ends only.
#[test]
fn restart_policy() {
    for (restart, status, again) in
        [(Restart::OnFailure, 0, false), (Restart::OnFailure, 256, true), (Restart::Never, 256, false)]
    {
        let mut history = History::new(true);
        history.settings.restart = restart;
        history.step(Event::Begin);
        history.run(5);
        history.now += 2 * SECOND;
        assert_eq!(history.end(5, status).contains(&RUN), again, "{restart:?} {status}");
        assert_eq!(history.machine.status().ended_for_good, !again);
    }
    let mut history = History::new(true);
    history.settings.restart = Restart::Never;
    history.step(Event::Begin);
    history.run(5);
    history.now += 2 * SECOND;
    history.letter(b'r');
    assert_eq!(history.end(5, 15), [RUN], "a restart that was asked for");
}

/// timeout-kill ms after `d` comes KILL, to everybody where kill-mode says so.
#[test]
fn kill_after_timeout() {
    let mut history = History::new(true);
    history.settings.kill_after = 300;
    history.settings.kill_all = true;
    history.step(Event::Begin);
    history.run(5);
    assert_eq!(history.letter(b'd')[0], Action::Ask(b't', SIGTERM, Target::All));
    assert_eq!(history.machine.deadline(), Some(history.now + 300));
    history.now += 300;
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::All)]);
    assert_eq!(history.machine.deadline(), None);
}

/// A failed exec leaves no pid, counts as an end, and is tried again a second after.
#[test]
fn exec_failure() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.step(Event::Forked(5, 7, history.settings));
    assert_eq!(history.machine.status().pid, 5);
    assert_eq!(history.step(Event::NotExecuted(126)), []);
    let status = *history.machine.status();
    assert_eq!((status.pid, status.deaths, status.last_exit), (0, 1, LastExit::Status(126 << 8)));
    assert_eq!(history.machine.deadline(), Some(history.now + SECOND));
    assert_eq!(history.step(ended(5, LastExit::Status(126 << 8))), [], "its child's end is no news");
}

/// Pausing is remembered and undone by CONT; a finish gets no signal but KILL.
#[test]
fn pause_and_finish() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    assert_eq!(history.letter(b'p'), [Action::Ask(b'p', SIGSTOP, Target::Main)]);
    assert!(history.machine.status().paused);
    history.letter(b'c');
    assert!(!history.machine.status().paused);
    history.step(ended(5, LastExit::Status(0)));
    history.step(Event::Forked(6, 1, history.settings));
    assert_eq!(history.letter(b't'), []);
    assert_eq!(history.letter(b'k'), [Action::Signal(SIGKILL, Target::Main)]);
    assert_eq!(history.machine.deadline(), Some(history.now + 5 * SECOND), "timeout-finish");
}

/// What drains runs once and is left when it ends, however that is.
#[test]
fn drains_once() {
    let mut history = History::new(false);
    assert_eq!(history.step(Event::Drain), [RUN]);
    history.run(5);
    assert_eq!(history.end(5, 1 << 8), [Action::Leave]);
    let mut history = History::new(true);
    history.step(Event::Drain);
    assert_eq!(history.step(Event::NotForked), [Action::Leave]);
    let mut history = History::new(true);
    history.step(Event::Drain);
    assert_eq!(history.step(Event::NotExecuted(126)), [Action::Leave]);
}

/// What drains for too long is told to end, then killed; a letter that wants it up keeps nobody.
#[test]
fn draining_is_bounded() {
    let mut history = History::new(true);
    history.step(Event::Drain);
    history.run(5);
    history.letter(b'u');
    history.now += DRAIN_LIMIT;
    assert_eq!(history.machine.deadline(), Some(history.now));
    let term = [Action::Ask(b't', SIGTERM, Target::Main), Action::Signal(SIGCONT, Target::Main)];
    assert_eq!(history.step(Event::Time), term);
    history.now += DRAIN_GRACE;
    assert_eq!(history.machine.deadline(), Some(history.now));
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::Main)]);
    assert_eq!(history.end(5, 9), [Action::Leave]);
}

/// A draining service's finish is not waited for without end, even where its directory says so.
#[test]
fn draining_bounds_finish() {
    let mut history = History::new(true);
    history.settings.finish_limit = 0;
    history.step(Event::Drain);
    history.run(5);
    history.step(ended(5, LastExit::Status(0)));
    history.step(Event::Forked(6, 8, history.settings));
    history.now += DRAIN_GRACE;
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::Main)]);
    assert_eq!(history.step(ended(6, LastExit::Status(9))), [Action::Leave]);
}

/// Listeners hear s6's letters.
#[test]
fn announcements() {
    let mut history = History::new(true);
    assert_eq!(history.heard(Event::Begin), b"s");
    history.step(Event::Forked(5, 1, history.settings));
    assert_eq!(history.heard(Event::Executed), b"u");
    assert_eq!(history.heard(Event::Ready), b"U");
    assert_eq!(history.heard(Event::Ready), b"");
    assert_eq!(history.heard(ended(5, LastExit::Status(0))), b"d");
    history.step(Event::Forked(6, 1, history.settings));
    assert_eq!(history.heard(Event::Letter(b'x')), b"");
    assert_eq!(history.heard(ended(6, LastExit::Status(125 << 8))), b"ODx");
}

/// A start waits for what comes before it, and is not made if it is not wanted any more.
#[test]
fn postponed() {
    for (letters, starts) in [(&b""[..], true), (b"d", false), (b"O", false), (b"du", true), (b"o", true)] {
        let mut history = History::new(true);
        history.step(Event::Begin);
        history.step(Event::Postponed);
        assert_eq!(history.machine.deadline(), None);
        for letter in letters {
            for action in history.letter(*letter) {
                if action == RUN {
                    history.step(Event::Postponed);
                }
            }
        }
        assert_eq!(history.step(Event::Prepared).contains(&RUN), starts, "{letters:?}");
    }
}

/// Silence is ended with ABRT and, where that does not do, with KILL; signs of life put it off.
#[test]
fn watchdog() {
    let mut history = History::new(true);
    history.settings.watchdog = SECOND;
    history.step(Event::Begin);
    history.run(5);
    assert_eq!(history.machine.deadline(), None, "nothing is expected before it is ready");
    history.step(Event::Ready);
    history.now += SECOND / 2;
    history.step(Event::Alive);
    history.now += SECOND / 2;
    assert_eq!(history.step(Event::Time), []);
    history.now += SECOND / 2;
    let abort =
        [Action::Warn(Warning::Silent), Action::Signal(SIGABRT, Target::Main), Action::Signal(SIGCONT, Target::Main)];
    assert_eq!(history.step(Event::Time), abort);
    history.now += SILENT_GRACE;
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::Main)]);
    assert_eq!(history.end(5, 6), [RUN]);
    assert_eq!(history.machine.status().deaths, 1);
    history.run(6);
    history.step(Event::Ready);
    history.letter(b'd');
    assert_eq!(history.step(Event::Unwell), [], "one that was told to end need not be well");
}

/// A service that goes on in another process is that process from then on.
#[test]
fn moves() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    history.step(Event::Moved(9, 77));
    assert_eq!((history.machine.main_pid(), history.machine.status().start_ticks), (Some(9), 77));
    assert_eq!(history.step(ended(5, LastExit::Status(0))), []);
    assert_eq!(history.machine.main_pid(), Some(9));
}

/// In runit's dialect `x` stops the service as well.
#[test]
fn runits_exit() {
    let mut history = History::new(true);
    history.settings.is_runit = true;
    history.step(Event::Begin);
    history.run(5);
    assert_eq!(history.letter(b'x')[0], Action::Ask(b't', SIGTERM, Target::Main));
    assert_eq!(history.end(5, 15), [Action::Leave]);
}
