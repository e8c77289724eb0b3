//! Taking over what files and processes say, at the beginning of every request: nobody can tell whether an engine was
//! here before, and how it ended.

use std::fs;

use supervisor::state::State;
use supervisor::status::{Phase, Want};
use supervisor::sys::event::wait_ready;
use supervisor::sys::process::pidfd_open;

use super::activity::{Activity, Doing};
use super::{Executor, Interest, LONGRUN, ONESHOT};
use crate::engine::Engine;
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::oneshot::{KeeperRecord, Outcome};
use crate::record::durations::Durations;
use crate::record::state_file::StateFile;
use crate::request::target::Target;

/// How long all killed keepers together may take to end: the kernel needs a moment, however many there are.
const KEEPERS_END: Nanoseconds = 5_000_000_000;
/// The reason of a command that was cut off by the engine's death.
const INTERRUPTED: &str = "interrupted";
/// epoll's name for "readable".
const READABLE: u32 = 1;

impl Executor {
    /// Names of the units that are not down, for [`Target::load`].
    pub fn active_units(&self) -> Vec<String> {
        let directory = self.config.places.states();
        let names = fs::read_dir(&directory).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        let is_active = |name: &String| StateFile::read(&directory, name).is_some_and(|file| file.state != State::Down);
        let mut names: Vec<String> = names.filter(is_active).collect();
        names.sort();
        names
    }

    /// Begins with a target: every unit of it is what the files and processes say.
    pub fn begin(&mut self, target: Target) {
        self.watches.forget_units();
        self.probing.clear();
        self.held.clear();
        self.events.clear();
        if self.durations.milliseconds().is_empty() {
            self.durations = Durations::read(&self.config.places.durations());
        }
        self.engine = Engine::new(target.graph.clone()).with_durations(self.durations.milliseconds());
        self.activities = (0..target.graph.len()).map(|_| Activity::default()).collect();
        self.target = target;
        self.kill_keepers();
        let patience = self.now().saturating_add(KEEPERS_END);
        for unit in 0..self.activities.len() {
            self.adopt(unit, patience);
        }
        self.pump();
    }

    /// A command that ran when the engine died, or when another request came first, has nobody any more. All are killed
    /// before any is waited for.
    fn kill_keepers(&self) {
        for unit in 0..self.activities.len() {
            let record = self.record(unit);
            if let Some(keeper) = record.keeper().filter(|_| record.outcome().is_none()) {
                self.kill_keeper(unit, &keeper);
            }
        }
    }

    fn adopt(&mut self, unit: UnitIndex, patience: Nanoseconds) {
        let file = StateFile::read(&self.config.places.states(), self.name(unit));
        let kind = match (self.unit(unit), &file) {
            (Some(text), _) => text.kind.name().to_owned(),
            (None, Some(file)) => file.kind.clone(),
            (None, None) => return,
        };
        // A unit whose kind has changed is another unit.
        let state = file.filter(|file| file.kind == kind).map_or(State::Down, |file| file.state);
        if self.unit(unit).is_none() {
            self.activities[unit].former_kind = Some(kind.clone());
        }
        match kind.as_str() {
            LONGRUN => self.adopt_longrun(unit, state),
            ONESHOT => self.adopt_oneshot(unit, state, patience),
            _ => self.adopt_state(unit, settled(state)),
        }
    }

    fn adopt_state(&mut self, unit: UnitIndex, state: State) {
        let now = self.now();
        self.engine.adopt(unit, state, now);
    }

    /// A longrun that was being started or stopped is told again; that one is running already does no harm.
    fn adopt_longrun(&mut self, unit: UnitIndex, state: State) {
        let state = match state {
            State::Stopping => State::Up,
            _ => settled(state),
        };
        if state != State::Up {
            return self.adopt_state(unit, state);
        }
        let service = self.service(unit);
        let status = service.status();
        let is_down = |status: supervisor::status::Status| {
            status.want == Want::Down && status.phase == Phase::Down && status.pid == 0
        };
        if status.is_some_and(is_down) {
            // The operator has downed it without us.
            return self.adopt_state(unit, State::Down);
        }
        self.adopt_state(unit, State::Up);
        self.activities[unit].pid = status.map(|status| status.pid).filter(|pid| *pid != 0);
        self.activities[unit].doing = Doing::Up { probation: None };
        let _ = self.watches.add(&service.supervise(), Interest::Status(unit));
        self.look_at(unit);
    }

    /// A one-shot's state counts, unless its command was running when the engine died.
    fn adopt_oneshot(&mut self, unit: UnitIndex, state: State, patience: Nanoseconds) {
        let record = self.record(unit);
        if record.is_empty() {
            // None, or one that was forgotten but for its directory: then the state file says it all.
            let state = if state == State::Stopping { State::Up } else { settled(state) };
            return self.adopt_state(unit, state);
        }
        let keeper = record.keeper();
        if let Some(keeper) = keeper.filter(|_| record.outcome().is_none()) {
            wait_for_end(&keeper, patience.saturating_sub(self.now()) / 1_000_000);
        }
        let is_stop = keeper.map_or(state == State::Stopping, |keeper| keeper.is_stop);
        let interrupted = || Outcome::failed(INTERRUPTED, is_stop);
        let outcome = record.outcome().or_else(|| record.was_started().then(interrupted));
        let Some(outcome) = outcome else {
            // The command has not begun: there is nothing to be sorry for.
            let _ = record.forget();
            return self.adopt_state(unit, if is_stop { State::Up } else { State::Down });
        };
        let is_stop = outcome.is_stop;
        self.adopt_state(unit, if is_stop { State::Stopping } else { State::Starting });
        self.ended.push(record);
        self.tell_outcome(unit, is_stop, outcome);
    }
}

/// What remains of a state that an engine was working on when it died.
fn settled(state: State) -> State {
    match state {
        State::Waiting | State::Starting | State::Stopping => State::Down,
        State::Down | State::Up | State::Failed | State::Skipped | State::Degraded => state,
    }
}

/// A keeper that is being killed may still write the outcome; after its end nobody does.
fn wait_for_end(keeper: &KeeperRecord, patience_ms: u64) {
    if !keeper.is_alive() {
        return;
    }
    if let Ok(process) = pidfd_open(keeper.pid) {
        let _ = wait_ready(*process, READABLE, Some(patience_ms));
    }
}
