//! Taking over what files and processes say, at the beginning of every request: nobody can tell whether an engine was
//! here before, and how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use supervisor::state::State;
use supervisor::status::{Phase, Want};

use super::activity::{Activity, Doing};
use super::operator::RELOAD_NOTE;
use super::signalled::Signalled;
use super::{Executor, Interest, LONGRUN, ONESHOT};
use crate::engine::Engine;
use crate::engine::event::{Event, UnitIndex};
use crate::oneshot::Outcome;
use crate::record::durations::Durations;
use crate::record::state_file::StateFile;
use crate::request::target::Target;
use crate::system::clock::boottime;

impl Executor {
    /// Names of the units that are not down, for [`Target::load`].
    pub fn active_units(&self) -> Vec<String> {
        let directory = self.config.places.states();
        let is_active = |name: &String| StateFile::read(&directory, name).is_some_and(|file| file.state != State::Down);
        self.units_with_states().into_iter().filter(is_active).collect()
    }

    fn units_with_states(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.config.places.states()).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Begins with a target: every unit of it is what the files and processes say.
    pub fn begin(&mut self, target: Target) {
        self.watches.forget_units();
        self.unseen.clear();
        self.probing.clear();
        self.held.clear();
        self.disobeyed.clear();
        self.signalled = Signalled::default();
        self.events.clear();
        self.overturning.clear();
        if self.durations.milliseconds().is_empty() {
            self.durations = Durations::read(&self.config.places.durations());
        }
        let engine = Engine::new(target.graph.clone()).with_durations(self.durations.milliseconds());
        self.engine = engine.with_processors(self.processors, |unit| self.durations.burns(unit));
        self.activities = (0..target.graph.len()).map(|_| Activity::default()).collect();
        self.target = target;
        let outcomes = self.collect_outcomes();
        let (states, directory) = (self.units_with_states(), self.config.places.states());
        for unit in 0..self.activities.len() {
            let name = self.name(unit);
            let outcome = outcomes.get(name).cloned();
            let file = states.get(name).and_then(|name| StateFile::read(&directory, name));
            self.adopt(unit, file, outcome);
        }
        self.pump();
    }

    /// How every one-shot ended that nobody has been told of. A command that ran when the engine died, or when another
    /// request came first, has nobody any more: its keeper ends it, and is waited for.
    fn collect_outcomes(&mut self) -> BTreeMap<String, Outcome> {
        let foresight = std::mem::take(&mut self.foresight);
        if !self.jobs.is_empty() || !self.reloads.is_empty() || !foresight.is_empty() {
            self.jobs.clear();
            self.reloads.clear();
            if let Some(keeper) = self.keeper.take() {
                keeper.retire(&self.notes);
            }
        }
        self.ended.clear();
        let (outcomes, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.notes.outcomes().into_iter().partition(|(note, _)| !note.starts_with(RELOAD_NOTE));
        // Whoever asked for a reload is told that it was cut off; nothing is done again.
        self.ended.extend(others.into_keys());
        self.noted = outcomes.keys().cloned().collect();
        outcomes
    }

    fn adopt(&mut self, unit: UnitIndex, file: Option<StateFile>, outcome: Option<Outcome>) {
        let kind = match (self.unit(unit), &file) {
            (Some(text), _) => text.kind.name().to_owned(),
            (None, Some(file)) => file.kind.clone(),
            (None, None) => return,
        };
        // A unit whose kind has changed is another unit.
        let noted = file.filter(|file| file.kind == kind).map(|file| file.state);
        let state = noted.unwrap_or(State::Down);
        if self.unit(unit).is_none() {
            self.activities[unit].former_kind = Some(kind.clone());
        }
        match kind.as_str() {
            LONGRUN => self.adopt_longrun(unit, state),
            ONESHOT => self.adopt_oneshot(unit, state, outcome),
            _ => self.adopt_state(unit, settled(state)),
        }
        let adopted = self.engine.state(unit);
        if noted.is_some_and(|noted| noted != adopted) {
            // Whatever comes of it is reported; if nothing does, the file must not go on saying what is not so.
            let file = StateFile::new(self.name(unit), &kind, adopted, boottime());
            self.states.insert(unit, file);
        }
    }

    fn adopt_state(&mut self, unit: UnitIndex, state: State) {
        let now = self.now();
        self.engine.adopt(unit, state, now);
    }

    /// A longrun that was being started or stopped is told again; that one is running already does no harm.
    fn adopt_longrun(&mut self, unit: UnitIndex, state: State) {
        let was_stopping = state == State::Stopping;
        let state = if was_stopping { State::Up } else { settled(state) };
        if !state.is_up() {
            return self.adopt_state(unit, state);
        }
        let service = self.service(unit);
        let status = service.status();
        let is_down = |status: supervisor::status::Status| {
            status.want == Want::Down && status.phase == Phase::Down && status.pid == 0 && !status.ended_for_good
        };
        if status.is_some_and(is_down) {
            if was_stopping {
                // An engine that died has told it; its end is still to be reported.
                self.adopt_state(unit, State::Stopping);
                return self.events.push_back(Event::Down(unit));
            }
            // The operator has downed it without us.
            return self.adopt_state(unit, State::Down);
        }
        self.adopt_state(unit, state);
        self.activities[unit].pid = status.map(|status| status.pid).filter(|pid| *pid != 0);
        self.activities[unit].doing = Doing::Up { probation: None };
        let _ = self.watches.add(&service.supervise(), Interest::Status(unit));
        self.look_at(unit);
    }

    /// A one-shot's state counts, unless its command has begun since.
    fn adopt_oneshot(&mut self, unit: UnitIndex, state: State, outcome: Option<Outcome>) {
        let Some(outcome) = outcome else {
            let state = if state == State::Stopping { State::Up } else { settled(state) };
            return self.adopt_state(unit, state);
        };
        let is_stop = outcome.is_stop;
        self.adopt_state(unit, if is_stop { State::Stopping } else { State::Starting });
        self.ended.push(self.name(unit).to_owned());
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
