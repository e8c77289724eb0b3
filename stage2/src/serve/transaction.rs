//! Requests that change what is up: several units in one transaction, which a successor of the engine continues.

use std::fs;
use std::io;

use crate::engine::event::{Event, UnitIndex};
use crate::generation::Generations;
use crate::record::state_file::StateFile;
use crate::request::verdict::{self, Goals};
use crate::request::{Answer, Request, refusal};
use crate::serve::supervised::{Pause, Supervised};
use crate::system::clock::boottime;
use crate::system::replace::{remove, replace};
use supervisor::paths::requests::STOP;

/// Which units a restart brings back, in a note.
const RESTART: &str = "restart";

impl Supervised {
    /// Brings units up or takes them down.
    pub(super) fn change(&mut self, id: &str, was_running: bool, request: &Request) -> io::Result<()> {
        let others = self.executor.active_units();
        let target = match refusal::resolve(request, &self.sources, &others, was_running) {
            Ok(target) => target,
            Err(answer) => return self.queue.answer(id, &answer),
        };
        if !was_running {
            self.queue.take(id)?;
        }
        if let Some(generation) = request.generation {
            let _ = Generations::new(self.executor.places().generations()).put_in_force(generation);
        }
        self.executor.tell_progress(Some(self.queue.progress(id)));
        self.executor.begin(target);
        let goals = self.goals(request);
        self.ask(id, &goals, was_running);
        if self.run()? == Pause::Stop {
            return self.cut_short(id, &goals);
        }
        let answer = verdict::answer(&goals, self.executor.target(), self.executor.engine());
        self.conclude(id, &answer)
    }

    /// What a request means for the units that the executor has begun with.
    pub(super) fn goals(&self, request: &Request) -> Goals {
        let engine = self.executor.engine();
        let is_there = |unit: UnitIndex| engine.is_there(unit);
        Goals::of(request, self.executor.target(), is_there)
    }

    /// Tells the asker the end.
    pub(super) fn conclude(&mut self, id: &str, answer: &Answer) -> io::Result<()> {
        self.executor.tell_progress(None);
        let _ = remove(&self.note(id, RESTART));
        self.queue.answer(id, answer)
    }

    /// The stop of the system goes before everything else.
    pub(super) fn cut_short(&mut self, id: &str, goals: &Goals) -> io::Result<()> {
        let answer = verdict::answer(goals, self.executor.target(), self.executor.engine());
        let error = Some("cut short: the system is being stopped".into());
        self.queue.answer(id, &Answer { exit: 1, error, ..answer })?;
        self.stop_all(STOP, false, true)
    }

    /// Tells the engine what is to become of units.
    pub(super) fn ask(&mut self, id: &str, goals: &Goals, was_running: bool) {
        if !goals.down.is_empty() {
            self.executor.tell(Event::Stop(goals.down.clone()));
        }
        match (goals.again.is_empty(), was_running) {
            (true, _) => {}
            (false, true) => self.go_on_restarting(id, goals.again.clone()),
            (false, false) => {
                self.note_restart(id, &goals.again);
                self.executor.tell(Event::Restart(goals.again.clone()));
            }
        }
        if !goals.up.is_empty() {
            let up = goals.up.clone();
            self.executor.tell(if was_running { Event::Resume(up) } else { Event::Start(up) });
        }
    }

    /// What a restart will bring back, and since when: without this, on a full disk, a successor restarts everything.
    fn note_restart(&self, id: &str, units: &[UnitIndex]) {
        let engine = self.executor.engine();
        let mut affected = engine.affected(units);
        affected.extend(units.iter().filter(|unit| !engine.state(**unit).is_up()));
        let names: Vec<&str> = affected.into_iter().map(|unit| engine.graph().name(unit)).collect();
        let text = serde_json::to_vec(&(boottime(), names)).unwrap_or_default();
        let _ = replace(&self.note(id, RESTART), &text, 0o600);
    }

    fn go_on_restarting(&mut self, id: &str, units: Vec<UnitIndex>) {
        let note = fs::read(self.note(id, RESTART)).ok();
        let note: Option<(u64, Vec<String>)> = note.and_then(|text| serde_json::from_slice(&text).ok());
        let Some((since, names)) = note else { return self.executor.tell(Event::Restart(units)) };
        let states = self.executor.places().states();
        let graph = self.executor.engine().graph();
        let is_old = |name: &&String| {
            StateFile::read(&states, name).is_some_and(|file| file.state.is_up() && file.since_ns < since)
        };
        let old: Vec<UnitIndex> = names.iter().filter(is_old).filter_map(|name| graph.index(name)).collect();
        let all: Vec<UnitIndex> = names.iter().filter_map(|name| graph.index(name)).collect();
        if !old.is_empty() {
            self.executor.tell(Event::Restart(old));
        }
        self.executor.tell(Event::Resume(all));
    }
}
