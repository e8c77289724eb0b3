//! The core of supervise: what happens to one service, as a pure state machine.
//!
//! `step(event, now)` answers with actions; it reads no clock and touches no file, so that every history can be
//! tested without a process. It must never ask for a second start while a process is alive.
//!
//! ```text
//! Idle ──start──→ Starting ──exec──→ Running ──ended──→ Finishing ──ended──→ Idle
//!   ↑               │ exec failed, ended before exec          (only if there is a finish)
//!   └───────────────┘
//! ```

use crate::restart::Restart;
use crate::status::{LastExit, Phase, Status, Want};
use crate::sys::signal;

use super::action::{Action, Actions, Program, Target, Warning};
use super::event::{DRAIN_GRACE, DRAIN_LIMIT, Event, Now, SECOND, Settings};
use super::pace::Pace;

/// Exit code with which `finish` says that the service is not to be started again.
const ENDED_FOR_GOOD: u8 = 125;

/// Where the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Starting,
    Running,
    Finishing,
}

/// One service.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub(super) status: Status,
    pub(super) state: State,
    pub(super) settings: Settings,
    /// supervise leaves the service as soon as it is down.
    pub(super) leaving: bool,
    /// It runs for the last time, and no longer than a limit.
    draining: bool,
    /// The running process was told to end.
    pub(super) asked: bool,
    pub(super) pace: Pace,
    /// When `run` was last started (monotonic ns).
    started: u64,
    /// `run` may not be started before (monotonic ns).
    not_before: u64,
    /// When `run` is to be started, while it is wanted and down.
    pub(super) start_at: Option<u64>,
    /// A start waits for what comes before it.
    pub(super) postponed: bool,
    /// When the running process gets KILL.
    pub(super) kill_at: Option<u64>,
    /// When the running process must have given a sign of life.
    pub(super) alive_by: Option<u64>,
}

impl Machine {
    /// A service that was never started.
    pub fn new(normally_up: bool) -> Self {
        let want = if normally_up { Want::Up } else { Want::Down };
        Self::from_status(Status { normally_up, want, ..Status::NEW })
    }

    /// A service whose supervise died: want, pause and deaths go on as they were.
    pub fn from_status(status: Status) -> Self {
        Self {
            status,
            state: State::Idle,
            settings: Settings::DEFAULT,
            leaving: false,
            draining: false,
            asked: false,
            pace: Pace::default(),
            started: 0,
            not_before: 0,
            start_at: None,
            postponed: false,
            kill_at: None,
            alive_by: None,
        }
    }

    /// The record to be published.
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// The settings of the running process.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The pid of the service's own process, if that is what runs.
    pub fn main_pid(&self) -> Option<u32> {
        matches!(self.state, State::Starting | State::Running).then_some(self.status.pid)
    }

    /// supervise leaves the service as soon as it is down.
    pub const fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// A start waits for what comes before it.
    pub const fn is_postponed(&self) -> bool {
        self.postponed
    }

    /// The running process was told to end.
    pub const fn was_asked(&self) -> bool {
        self.asked
    }

    /// When the next [`Event::Time`] is due (monotonic ns).
    pub fn deadline(&self) -> Option<u64> {
        [self.start_at, self.kill_at, self.alive_by].into_iter().flatten().min()
    }

    /// Takes an event, says what is to be done.
    pub fn step(&mut self, event: Event, now: &Now) -> Actions {
        let mut actions = Actions::default();
        match event {
            Event::Begin => self.begin(now, &mut actions),
            Event::Drain => self.drain(now, &mut actions),
            Event::Adopted(settings) => self.adopt(settings, now, &mut actions),
            Event::Letter(letter) => self.take_letter(letter, now, &mut actions),
            Event::Forked(pid, ticks, settings) => self.forked(pid, ticks, settings, now, &mut actions),
            Event::NotForked | Event::NotExecuted(_) => self.not_started(event, now, &mut actions),
            Event::NoFinish => self.down(now, &mut actions),
            Event::Postponed => (self.state, self.postponed) = (State::Idle, true),
            Event::Prepared => self.start_postponed(now),
            Event::Executed => self.executed(&mut actions),
            Event::Ended { pid, exit, is_last } => self.ended(pid, exit, is_last, now, &mut actions),
            Event::Moved(pid, ticks) => self.moved(pid, ticks, &mut actions),
            Event::Ready => self.become_ready(now, &mut actions),
            Event::Reloading | Event::Stopping => self.announce_trouble(event, &mut actions),
            Event::Alive => self.expect_life(now),
            Event::Unwell => self.end_silent(now, &mut actions),
            Event::Watchdog(interval) => {
                self.settings.watchdog = interval;
                self.expect_life(now);
            }
            Event::Time => (),
        }
        self.look_at_clock(now, &mut actions);
        actions
    }

    fn begin(&mut self, now: &Now, actions: &mut Actions) {
        self.stamp(now);
        if self.status.want == Want::Up {
            self.start_at = Some(now.monotonic);
        }
        actions.push(Action::Publish);
        actions.push(Action::Announce(b"s"));
    }

    /// Once, and then never again; what a predecessor left running is as good as a start.
    fn drain(&mut self, now: &Now, actions: &mut Actions) {
        self.stamp(now);
        self.status.want = Want::Once;
        self.leaving = true;
        self.draining = true;
        self.kill_at = Some(now.monotonic.saturating_add(DRAIN_LIMIT));
        if self.state == State::Idle {
            self.start_run(now, actions);
        }
    }

    /// What the predecessor has begun goes on, with all the time that it had at the beginning.
    fn adopt(&mut self, settings: Settings, now: &Now, actions: &mut Actions) {
        self.settings = settings;
        self.started = now.monotonic;
        if self.status.phase == Phase::Finish {
            self.state = State::Finishing;
            self.limit_finish(now);
        } else {
            self.state = State::Running;
            self.status.phase = Phase::Run;
            self.asked = self.status.got_term;
            if self.asked && self.status.want == Want::Down {
                self.limit_stop(now);
            }
            if self.status.ready {
                self.expect_life(now);
            }
        }
        actions.push(Action::Publish);
        actions.push(Action::Announce(b"s"));
    }

    fn forked(&mut self, pid: u32, ticks: u64, settings: Settings, now: &Now, actions: &mut Actions) {
        self.status.pid = pid;
        self.status.start_ticks = ticks;
        self.stamp(now);
        if self.state == State::Finishing {
            self.status.phase = Phase::Finish;
            self.limit_finish(now);
        } else {
            self.settings = settings;
            self.status.phase = Phase::Down;
            self.status.paused = false;
            self.status.got_term = false;
            self.asked = false;
        }
        actions.push(Action::Publish);
    }

    /// `finish` gets KILL when it takes too long.
    fn limit_finish(&mut self, now: &Now) {
        let limit = match self.settings.finish_limit {
            limit if self.draining && (limit == 0 || limit > DRAIN_GRACE) => DRAIN_GRACE,
            limit => limit,
        };
        self.kill_at = (limit > 0).then_some(now.monotonic.saturating_add(limit));
    }

    fn executed(&mut self, actions: &mut Actions) {
        if self.state == State::Starting {
            self.state = State::Running;
            self.status.phase = Phase::Run;
            actions.push(Action::Publish);
            actions.push(Action::Announce(b"u"));
        }
    }

    fn not_started(&mut self, event: Event, now: &Now, actions: &mut Actions) {
        if self.state == State::Finishing {
            return self.down(now, actions);
        }
        self.not_before = now.monotonic.saturating_add(SECOND);
        if let Event::NotExecuted(code) = event {
            self.not_before = now.monotonic.saturating_add(self.rest_after(0));
            self.status.last_exit = LastExit::Status(u16::from(code) << 8);
            if !self.asked {
                self.count_death(self.status.last_exit, actions);
            }
        }
        self.kill_at = None;
        self.down(now, actions);
    }

    fn ended(&mut self, pid: u32, exit: LastExit, is_last: bool, now: &Now, actions: &mut Actions) {
        if pid != self.status.pid || self.state == State::Idle {
            return;
        }
        self.kill_at = None;
        self.alive_by = None;
        if self.state == State::Finishing {
            if exit.code() == Some(ENDED_FOR_GOOD) {
                self.end_for_good(actions);
            }
            return self.down(now, actions);
        }
        self.status.last_exit = exit;
        if self.asked {
            self.not_before = now.monotonic;
        } else {
            self.ended_unasked(exit, is_last, now, actions);
        }
        self.be_unready();
        self.state = State::Finishing;
        actions.push(Action::Announce(b"d"));
        actions.push(Action::Start(Program::Finish { exit, group: pid }));
    }

    fn rest_after(&mut self, lived: u64) -> u64 {
        self.pace.rest_after(lived, self.status.ready, self.settings.longest_rest)
    }

    fn ended_unasked(&mut self, exit: LastExit, is_last: bool, now: &Now, actions: &mut Actions) {
        let lived = now.monotonic.saturating_sub(self.started);
        self.not_before = self.started.saturating_add(self.rest_after(lived));
        if self.status.want == Want::Down {
            return;
        }
        self.count_death(exit, actions);
        let wait = self.not_before.saturating_sub(now.monotonic).div_ceil(SECOND);
        if self.is_enough(exit) {
            self.end_for_good(actions);
        } else if is_last && self.status.want == Want::Up {
            actions.push(Action::Warn(Warning::TooManyDeaths(exit)));
            self.end_for_good(actions);
        } else if self.status.want == Want::Up && wait > 1 {
            actions.push(Action::Warn(Warning::Loops(exit, wait)));
        }
    }

    fn count_death(&mut self, exit: LastExit, actions: &mut Actions) {
        self.status.deaths = self.status.deaths.saturating_add(1);
        actions.push(Action::Record(exit));
    }

    /// By its `restart` file the service, which ended by itself, is not started again.
    fn is_enough(&self, exit: LastExit) -> bool {
        self.status.want == Want::Up
            && match self.settings.restart {
                Restart::Always => false,
                Restart::OnFailure => exit == LastExit::Status(0),
                Restart::Never => true,
            }
    }

    fn end_for_good(&mut self, actions: &mut Actions) {
        self.status.ended_for_good = true;
        self.status.want = Want::Down;
        actions.push(Action::Announce(b"O"));
        actions.push(Action::Wake);
    }

    /// No process is left.
    fn down(&mut self, now: &Now, actions: &mut Actions) {
        self.state = State::Idle;
        self.kill_at = None;
        self.status.pid = 0;
        self.status.start_ticks = 0;
        self.status.phase = Phase::Down;
        self.status.got_term = false;
        self.stamp(now);
        if self.status.want == Want::Up {
            self.start_at = Some(now.monotonic.max(self.not_before));
        }
        actions.push(Action::Publish);
        actions.push(Action::Announce(b"D"));
    }

    fn moved(&mut self, pid: u32, ticks: u64, actions: &mut Actions) {
        if self.main_pid().is_some() {
            self.status.pid = pid;
            self.status.start_ticks = ticks;
            actions.push(Action::Publish);
        }
    }

    /// What is due: leaving, starting, killing.
    fn look_at_clock(&mut self, now: &Now, actions: &mut Actions) {
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= now.monotonic);
        if self.state == State::Idle && self.leaving {
            self.start_at = None;
            actions.push(Action::Announce(b"x"));
            return actions.push(Action::Leave);
        }
        if is_due(self.kill_at) {
            self.kill_at = None;
            self.end_by_force(now, actions);
        }
        if is_due(self.alive_by) {
            self.end_silent(now, actions);
        }
        if self.state == State::Idle && is_due(self.start_at) {
            self.start_run(now, actions);
        }
    }

    fn start_run(&mut self, now: &Now, actions: &mut Actions) {
        self.start_at = None;
        self.alive_by = None;
        self.state = State::Starting;
        self.started = now.monotonic;
        actions.push(Action::Start(Program::Run));
    }

    /// Unless it is not wanted any more.
    fn start_postponed(&mut self, now: &Now) {
        if core::mem::take(&mut self.postponed) && self.state == State::Idle && self.start_at.is_none() {
            self.start_at = Some(now.monotonic);
        }
    }

    /// Whom a stop is for.
    pub(super) const fn everybody(&self) -> Target {
        if self.settings.kill_all { Target::All } else { Target::Main }
    }

    /// KILL; but one that drained for too long is first asked to end.
    fn end_by_force(&mut self, now: &Now, actions: &mut Actions) {
        if self.draining && self.main_pid().is_some() && !self.asked {
            self.want_down(now, actions);
            self.kill_at = Some(now.monotonic.saturating_add(DRAIN_GRACE));
            return;
        }
        actions.push(Action::Signal(signal::SIGKILL, self.everybody()));
    }

    fn stamp(&mut self, now: &Now) {
        self.status.changed = now.label;
        self.status.changed_boot_ns = now.since_boot;
    }
}
