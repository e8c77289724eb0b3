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

use crate::control::supervise as letter;
use crate::status::{LastExit, Phase, Status, Want};
use crate::sys::signal;
use crate::tai::Tai64n;

use super::action::{Action, Actions, Program, Target};
use super::event::{DRAIN_GRACE, DRAIN_LIMIT, Event, Now, Restart, SECOND, Settings};

/// Exit code with which `finish` says that the service is not to be started again.
const ENDED_FOR_GOOD: u8 = 125;

/// Where the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Starting,
    Running,
    Finishing,
}

/// One service.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    status: Status,
    state: State,
    settings: Settings,
    /// supervise leaves the service as soon as it is down.
    leaving: bool,
    /// It runs for the last time, and no longer than a limit.
    draining: bool,
    /// The running process was told to end.
    asked: bool,
    /// When `run` was last started (monotonic ns).
    started: u64,
    /// When `run` may be started again, while it is wanted and down.
    start_at: Option<u64>,
    /// When the running process gets KILL.
    kill_at: Option<u64>,
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
            started: 0,
            start_at: None,
            kill_at: None,
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

    /// The pid of `run`, if that is what runs.
    pub fn main_pid(&self) -> Option<u32> {
        matches!(self.state, State::Starting | State::Running).then_some(self.status.pid)
    }

    /// When the next [`Event::Time`] is due (monotonic ns).
    pub fn deadline(&self) -> Option<u64> {
        match (self.start_at, self.kill_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
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
            Event::Executed => self.executed(&mut actions),
            Event::Ended(pid, exit) => self.ended(pid, exit, now, &mut actions),
            Event::Ready => self.become_ready(now, &mut actions),
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

    fn adopt(&mut self, settings: Settings, now: &Now, actions: &mut Actions) {
        self.state = if self.status.phase == Phase::Finish { State::Finishing } else { State::Running };
        if self.state == State::Running {
            self.status.phase = Phase::Run;
        }
        self.settings = settings;
        self.started = now.monotonic;
        actions.push(Action::Publish);
    }

    fn forked(&mut self, pid: u32, ticks: u64, settings: Settings, now: &Now, actions: &mut Actions) {
        self.status.pid = pid;
        self.status.start_ticks = ticks;
        self.stamp(now);
        if self.state == State::Finishing {
            self.status.phase = Phase::Finish;
            let limit = match self.settings.finish_limit {
                limit if self.draining && (limit == 0 || limit > DRAIN_GRACE) => DRAIN_GRACE,
                limit => limit,
            };
            self.kill_at = (limit > 0).then_some(now.monotonic.saturating_add(limit));
        } else {
            self.settings = settings;
            self.status.phase = Phase::Down;
            self.status.paused = false;
            self.status.got_term = false;
            self.asked = false;
        }
        actions.push(Action::Publish);
        actions.push(Action::LetGo);
    }

    fn executed(&mut self, actions: &mut Actions) {
        if self.state == State::Starting {
            self.state = State::Running;
            self.status.phase = Phase::Run;
            actions.push(Action::Publish);
        }
    }

    fn not_started(&mut self, event: Event, now: &Now, actions: &mut Actions) {
        if self.state == State::Finishing {
            return self.down(now, actions);
        }
        if let Event::NotExecuted(code) = event {
            self.status.last_exit = LastExit::Status(u16::from(code) << 8);
            if !self.asked {
                self.status.deaths = self.status.deaths.saturating_add(1);
            }
        }
        self.kill_at = None;
        self.down(now, actions);
    }

    fn ended(&mut self, pid: u32, exit: LastExit, now: &Now, actions: &mut Actions) {
        if pid != self.status.pid || self.state == State::Idle {
            return;
        }
        self.kill_at = None;
        if self.state == State::Finishing {
            if exit.code() == Some(ENDED_FOR_GOOD) {
                self.end_for_good(actions);
            }
            return self.down(now, actions);
        }
        self.status.last_exit = exit;
        if !self.asked && self.status.want != Want::Down {
            self.status.deaths = self.status.deaths.saturating_add(1);
        }
        if !self.asked && self.is_enough(exit) {
            self.end_for_good(actions);
        }
        if now.monotonic.saturating_sub(self.started) >= SECOND || self.status.ready {
            self.started = 0;
        }
        self.status.ready = false;
        self.status.ready_since = Tai64n::NEVER;
        self.state = State::Finishing;
        actions.push(Action::Start(Program::Finish { exit, group: pid }));
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
            self.start_at = Some(now.monotonic.max(self.started.saturating_add(SECOND)));
        }
        actions.push(Action::Publish);
    }

    fn become_ready(&mut self, now: &Now, actions: &mut Actions) {
        if matches!(self.state, State::Starting | State::Running) && !self.status.ready {
            self.status.ready = true;
            self.status.ready_since = now.label;
            actions.push(Action::Publish);
        }
    }

    fn take_letter(&mut self, letter: u8, now: &Now, actions: &mut Actions) {
        match letter {
            b'U' => actions.push(Action::SetNormallyUp(true)),
            b'D' | b'Q' => actions.push(Action::SetNormallyUp(false)),
            _ => (),
        }
        match letter {
            letter::UP | b'U' => self.want_up(Want::Up, now),
            letter::ONCE => self.want_up(Want::Once, now),
            b'O' | b'Q' if self.status.want == Want::Up => self.want_no_restart(),
            letter::DOWN | b'D' => self.want_down(now, actions),
            letter::EXIT => self.leaving = true,
            letter::PAUSE => self.status.paused = true,
            letter::CONTINUE => self.status.paused = false,
            letter::TERMINATE if self.alive() => self.status.got_term = true,
            letter::RESTART if self.alive() => self.stop(now, actions),
            _ => (),
        }
        self.signal_for(letter, actions);
        if letter == b'U' || letter == b'D' || letter == b'Q' {
            self.status.normally_up = letter == b'U';
        }
        actions.push(Action::Publish);
    }

    /// Letters that are signals and nothing more.
    fn signal_for(&mut self, letter: u8, actions: &mut Actions) {
        let (signal, target) = match letter {
            letter::PAUSE => (signal::SIGSTOP, Target::Main),
            letter::CONTINUE => (signal::SIGCONT, Target::Main),
            letter::HANGUP => (signal::SIGHUP, Target::Main),
            letter::ALARM => (signal::SIGALRM, Target::Main),
            letter::INTERRUPT => (signal::SIGINT, Target::Main),
            letter::TERMINATE => (signal::SIGTERM, Target::Main),
            letter::KILL => (signal::SIGKILL, Target::Main),
            letter::QUIT => (signal::SIGQUIT, Target::Main),
            letter::ABORT => (signal::SIGABRT, Target::Main),
            letter::USER1 => (signal::SIGUSR1, Target::Main),
            letter::USER2 => (signal::SIGUSR2, Target::Main),
            b'y' => (signal::SIGWINCH, Target::Main),
            b'l' => (self.settings.reload_signal, Target::Main),
            b'P' => (signal::SIGSTOP, Target::Group),
            b'C' => (signal::SIGCONT, Target::Group),
            b'K' => (signal::SIGKILL, Target::Group),
            _ => return,
        };
        // A finish is not the service: of all letters only KILL is for it.
        if self.alive() || (self.state == State::Finishing && signal == signal::SIGKILL) {
            self.asked |= signal == signal::SIGKILL || signal == signal::SIGTERM;
            actions.push(Action::Signal(signal, target));
        }
    }

    fn alive(&self) -> bool {
        self.main_pid().is_some()
    }

    fn want_up(&mut self, want: Want, now: &Now) {
        self.status.want = want;
        self.status.ended_for_good = false;
        if self.state == State::Idle {
            self.start_at = Some(now.monotonic);
        }
    }

    fn want_no_restart(&mut self) {
        self.status.want = Want::Once;
        self.start_at = None;
    }

    fn want_down(&mut self, now: &Now, actions: &mut Actions) {
        self.status.want = Want::Down;
        self.start_at = None;
        if self.alive() {
            self.stop(now, actions);
        }
    }

    /// The down signal, and CONT so that a paused service can obey.
    fn stop(&mut self, now: &Now, actions: &mut Actions) {
        let target = if self.settings.kill_all { Target::All } else { Target::Main };
        self.asked = true;
        self.status.got_term = true;
        self.status.paused = false;
        actions.push(Action::Signal(self.settings.down_signal, target));
        actions.push(Action::Signal(signal::SIGCONT, target));
        if self.settings.kill_after > 0 && self.kill_at.is_none() {
            self.kill_at = Some(now.monotonic.saturating_add(self.settings.kill_after));
        }
    }

    /// What is due: leaving, starting, killing.
    fn look_at_clock(&mut self, now: &Now, actions: &mut Actions) {
        if self.state == State::Idle && self.leaving {
            self.start_at = None;
            return actions.push(Action::Leave);
        }
        if self.kill_at.is_some_and(|at| at <= now.monotonic) {
            self.kill_at = None;
            self.end_by_force(now, actions);
        }
        if self.state == State::Idle && self.start_at.is_some_and(|at| at <= now.monotonic) {
            self.start_run(now, actions);
        }
    }

    fn start_run(&mut self, now: &Now, actions: &mut Actions) {
        self.start_at = None;
        self.state = State::Starting;
        self.started = now.monotonic;
        actions.push(Action::Start(Program::Run));
    }

    /// KILL; but one that drained for too long is first asked to end.
    fn end_by_force(&mut self, now: &Now, actions: &mut Actions) {
        let target = if self.settings.kill_all { Target::All } else { Target::Main };
        if self.draining && self.alive() && !self.asked {
            self.want_down(now, actions);
            self.kill_at = Some(now.monotonic.saturating_add(DRAIN_GRACE));
            return;
        }
        actions.push(Action::Signal(signal::SIGKILL, target));
    }

    fn stamp(&mut self, now: &Now) {
        self.status.changed = now.label;
        self.status.changed_boot_ns = now.since_boot;
    }
}
