//! Runs the engine against a world in which everything works.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

use supervisor::state::State;

use super::Verb;
use crate::engine::Engine;
use crate::engine::event::{Action, Event, Nanoseconds};
use crate::graph::{Graph, UnitIndex};
use crate::request::verdict::Goals;

/// Answers that are still to come: when, in which order they were promised, and of whom.
type Promises = BinaryHeap<Reverse<(Nanoseconds, usize, UnitIndex)>>;

/// What a simulated run did, in order, and what it could not do, with reasons.
pub(super) type Run = (Vec<(UnitIndex, Verb)>, Vec<(String, String)>);

/// The order of what the engine begins, if everything takes as long as it did earlier.
pub(super) fn simulate(
    graph: &Graph,
    verb: Verb,
    named: &[UnitIndex],
    states: impl Fn(UnitIndex) -> State,
    milliseconds: &BTreeMap<String, u64>,
) -> Run {
    let world = World::new(graph, states, milliseconds);
    let leaving = if verb == Verb::Switch { leaving(&world.engine, named) } else { Vec::new() };
    let named = named.to_vec();
    let event = match verb {
        Verb::Stop | Verb::StopAll => Event::Stop(named),
        Verb::Restart => Event::Restart(named),
        Verb::Start | Verb::Switch | Verb::Boot | Verb::Apply | Verb::Reload | Verb::Kill => Event::Start(named),
    };
    world.run([Event::Stop(leaving), event])
}

/// The same for several things that are asked for at once.
pub(super) fn change(
    graph: &Graph,
    goals: &Goals,
    states: impl Fn(UnitIndex) -> State,
    milliseconds: &BTreeMap<String, u64>,
) -> Run {
    let Goals { up, again, down, .. } = goals.clone();
    World::new(graph, states, milliseconds).run([Event::Stop(down), Event::Restart(again), Event::Start(up)])
}

/// What is not down, and not among these units and what they bring in.
fn leaving(engine: &Engine, named: &[UnitIndex]) -> Vec<UnitIndex> {
    let graph = engine.graph();
    let mut stays = vec![false; graph.len()];
    let mut queue = named.to_vec();
    while let Some(unit) = queue.pop() {
        if !std::mem::replace(&mut stays[unit], true) {
            queue.extend_from_slice(graph.pulls(unit));
        }
    }
    let is_gone = |unit: UnitIndex| matches!(engine.state(unit), State::Down | State::Failed | State::Skipped);
    (0..graph.len()).filter(|&unit| !stays[unit] && !is_gone(unit)).collect()
}

/// An engine, and what it was promised.
struct World<'a> {
    engine: Engine,
    milliseconds: &'a BTreeMap<String, u64>,
    promises: Promises,
    promised: usize,
    now: Nanoseconds,
    stopped: Vec<bool>,
    done: Vec<(UnitIndex, Verb)>,
    failures: Vec<(String, String)>,
}

impl<'a> World<'a> {
    fn new(graph: &Graph, states: impl Fn(UnitIndex) -> State, milliseconds: &'a BTreeMap<String, u64>) -> Self {
        let mut engine = Engine::new(graph.clone()).with_durations(milliseconds);
        let stopped = vec![false; graph.len()];
        let (done, failures) = (Vec::new(), Vec::new());
        (0..graph.len()).for_each(|unit| engine.adopt(unit, states(unit), 0));
        let promises = Promises::new();
        let mut world = Self { engine, milliseconds, promises, promised: 0, now: 0, stopped, done, failures };
        for unit in 0..graph.len() {
            if matches!(world.engine.state(unit), State::Starting | State::Stopping) {
                world.promise(unit, 0);
            }
        }
        world
    }

    /// Everything that comes of these events.
    fn run(mut self, events: impl IntoIterator<Item = Event>) -> Run {
        events.into_iter().for_each(|event| self.tell(event));
        while let Some(Reverse((time, _, unit))) = self.promises.pop() {
            self.now = time;
            match self.engine.state(unit) {
                State::Starting => self.tell(Event::Ready(unit)),
                _ => self.tell(Event::Down(unit)),
            }
        }
        let again: HashSet<UnitIndex> =
            self.done.iter().filter(|step| step.1 == Verb::Restart).map(|step| step.0).collect();
        self.done.retain(|(unit, verb)| *verb != Verb::Stop || !again.contains(unit));
        (self.done, self.failures)
    }

    /// Tells the engine, and promises what it asks for.
    fn tell(&mut self, event: Event) {
        for action in self.engine.step(event, self.now) {
            match action {
                Action::BringUp(unit) => self.bring_up(unit),
                Action::TakeDown(unit) => {
                    self.stopped[unit] = true;
                    self.done.push((unit, Verb::Stop));
                    self.promise(unit, 0);
                }
                Action::Report(report) if report.state == State::Failed => {
                    let name = self.engine.graph().name(report.unit).to_owned();
                    self.failures.push((name, report.reason.unwrap_or_default()));
                }
                Action::Abandon(_) | Action::Kill(_) | Action::Report(_) => (),
            }
        }
    }

    fn bring_up(&mut self, unit: UnitIndex) {
        let verb = if self.stopped[unit] { Verb::Restart } else { Verb::Start };
        self.done.push((unit, verb));
        let name = self.engine.graph().name(unit);
        let milliseconds = self.milliseconds.get(name).copied().unwrap_or(0);
        self.promise(unit, milliseconds);
    }

    fn promise(&mut self, unit: UnitIndex, milliseconds: u64) {
        self.promised += 1;
        let time = self.now.saturating_add(milliseconds.saturating_mul(1_000_000));
        self.promises.push(Reverse((time, self.promised, unit)));
    }
}
