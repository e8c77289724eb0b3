//! A world without processes: carries out actions, answers late, wrongly or never, and watches the engine's promises.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use supervisor::state::State;

use super::foresight::Foreseen;
use super::prng::Random;
use crate::engine::Engine;
use crate::engine::event::{Action, Event, Nanoseconds, UnitIndex};
use crate::graph::{EdgeKind, Graph};

const SECOND: Nanoseconds = 1_000_000_000;

/// What a unit really is, whatever the engine believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Real {
    Down,
    Starting,
    Up,
    Stopping,
}

/// An answer that is on its way; of no use once the unit has entered another episode.
type Promise = Reverse<(Nanoseconds, usize, UnitIndex, u32, u8)>;

const READY: u8 = 0;
const FAILED: u8 = 1;
const SKIPPED: u8 = 2;
const DOWN: u8 = 3;
const EXECUTED: u8 = 4;

pub struct World {
    pub engine: Engine,
    pub(super) random: Random,
    now: Nanoseconds,
    real: Vec<Real>,
    /// Whether it is known to keep a processor busy, and whether it does.
    is_known: Vec<bool>,
    burns: Vec<bool>,
    processors: usize,
    pub(super) episode: Vec<u32>,
    promises: BinaryHeap<Promise>,
    promised: usize,
    stopping_all: bool,
    pub begun: usize,
    pub(super) foreseen: Foreseen,
}

fn engine(graph: Graph, processors: usize, is_known: &[bool]) -> Engine {
    let names: HashSet<String> =
        (0..graph.len()).filter(|unit| is_known[*unit]).map(|unit| graph.name(unit).into()).collect();
    Engine::new(graph).with_processors(processors, |name| names.contains(name))
}

impl World {
    pub fn new(graph: Graph, mut random: Random) -> Self {
        let count = graph.len();
        let processors = 1 + random.below(4);
        let is_known: Vec<bool> = (0..count).map(|_| random.percent(70)).collect();
        Self {
            engine: engine(graph, processors, &is_known),
            is_known,
            burns: vec![false; count],
            processors,
            random,
            now: SECOND,
            real: vec![Real::Down; count],
            episode: vec![0; count],
            promises: BinaryHeap::new(),
            promised: 0,
            stopping_all: false,
            begun: 0,
            foreseen: Foreseen::default(),
        }
    }

    /// Requests and accidents for a while, then a stop of everything.
    pub fn live(&mut self) {
        for _ in 0..1 + self.random.below(6) {
            let event = self.any_event();
            self.tell(event);
            let events = self.random.below(40);
            self.run(events);
            self.transact();
            if self.random.percent(20) {
                self.die();
            }
        }
        self.run(usize::MAX);
        self.check_settled();
        self.stopping_all = true;
        self.tell(Event::StopAll);
        self.run(usize::MAX);
        self.check_settled();
        for unit in 0..self.real.len() {
            let state = self.engine.state(unit);
            assert!(matches!(state, State::Down | State::Failed | State::Skipped), "{unit} {state:?} after the stop");
            assert!(self.real[unit] == Real::Down || self.lingers(unit), "{unit} still runs after the stop");
        }
    }

    /// A request, or something that happens by itself.
    fn any_event(&mut self) -> Event {
        let unit = self.random.below(self.real.len());
        let units: Vec<UnitIndex> = (0..1 + self.random.below(4)).map(|_| self.random.below(self.real.len())).collect();
        match self.random.below(12) {
            0..4 => Event::Start((0..self.real.len()).collect()),
            4 => Event::Start(units),
            5 => Event::Resume(units),
            6 | 7 => Event::Stop(units),
            8 | 9 => Event::Restart(units),
            10 if self.real[unit] == Real::Up => {
                self.enter(unit, Real::Down);
                let reason = "exit 1".into();
                if self.random.percent(30) { Event::Down(unit) } else { Event::Failed { unit, reason, exit: Some(1) } }
            }
            // An answer that comes too late, or twice.
            10 if self.real[unit] != Real::Starting => Event::Ready(unit),
            10 => Event::Tick,
            _ => Event::StopAll,
        }
    }

    /// The engine dies; its successor is told what there is, and goes on. What failed is not tried again.
    fn die(&mut self) {
        self.foreseen.forget();
        let old = std::mem::replace(&mut self.engine, Engine::new(Graph::default()));
        self.engine = engine(old.graph().clone(), self.processors, &self.is_known);
        let settled = |state| matches!(state, State::Failed | State::Skipped);
        for unit in 0..self.real.len() {
            let state = match self.real[unit] {
                Real::Down if settled(old.state(unit)) => old.state(unit),
                Real::Down => State::Down,
                Real::Starting => State::Starting,
                Real::Up => State::Up,
                Real::Stopping => State::Stopping,
            };
            self.engine.adopt(unit, state, old.since(unit));
            self.burns[unit] = state == State::Starting && self.engine.will_burn(unit);
        }
        let begun = self.begun;
        let failed: Vec<UnitIndex> =
            (0..self.real.len()).filter(|&unit| self.engine.state(unit) == State::Failed).collect();
        self.tell(Event::Resume(failed));
        assert_eq!(self.begun, begun, "a failed unit was begun again");
        self.tell(Event::Resume((0..self.real.len()).collect()));
    }

    /// So many answers and deadlines, or until there are no more.
    pub(super) fn run(&mut self, events: usize) {
        for count in 0..events {
            assert!(count < 1_000_000, "does not end");
            let answer = self.promises.peek().map_or(Nanoseconds::MAX, |&Reverse((time, ..))| time);
            let deadline = self.engine.next_deadline().unwrap_or(Nanoseconds::MAX);
            if answer.min(deadline) == Nanoseconds::MAX {
                return;
            }
            self.now = self.now.max(answer.min(deadline));
            if deadline <= answer {
                self.tell(Event::Tick);
            } else if let Some(Reverse((_, _, unit, episode, what))) = self.promises.pop()
                && episode == self.episode[unit]
            {
                self.answer(unit, what);
            }
        }
    }

    fn answer(&mut self, unit: UnitIndex, what: u8) {
        let reason = "because".to_owned();
        match what {
            READY => self.enter(unit, Real::Up),
            EXECUTED => (),
            _ => self.enter(unit, Real::Down),
        }
        self.tell(match what {
            READY => Event::Ready(unit),
            FAILED => Event::Failed { unit, reason, exit: None },
            SKIPPED => Event::Skipped { unit, reason },
            EXECUTED => Event::Executed { unit, pid: None },
            _ => Event::Down(unit),
        });
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.foreseen.before(&self.engine, &event);
        let actions = self.engine.step(event, self.now);
        self.foreseen.after(&self.engine, &actions);
        for action in actions {
            match action {
                Action::BringUp(unit) => self.bring_up(unit),
                Action::TakeDown(unit) => self.take_down(unit),
                Action::Abandon(unit) => {
                    assert_eq!(self.real[unit], Real::Starting, "{unit} abandoned");
                    self.enter(unit, Real::Down);
                }
                Action::Kill(unit) => {
                    assert_eq!(self.real[unit], Real::Stopping, "{unit} killed");
                    if self.random.percent(70) {
                        self.promise(unit, DOWN, 20);
                    }
                }
                Action::Report(report) => {
                    assert!(report.since <= self.now);
                    let is_notice = report.state == State::Starting && report.reason.is_some();
                    self.burns[report.unit] &= !is_notice;
                }
            }
        }
        self.check_counters();
        self.check_turns();
    }

    fn bring_up(&mut self, unit: UnitIndex) {
        self.begun += 1;
        assert_eq!(self.real[unit], Real::Down, "{unit} begun twice");
        assert!(!self.stopping_all, "{unit} begun while everything stops");
        for first in self.engine.graph().predecessors(unit).to_vec() {
            let state = self.engine.state(first.unit);
            assert!(
                !matches!(state, State::Waiting | State::Stopping),
                "{unit} begun while {} is {state:?}",
                first.unit
            );
            if first.kind == EdgeKind::Needs {
                assert!(state.is_up() || state == State::Skipped, "{unit} begun with {} {state:?}", first.unit);
                assert!(state == State::Skipped || self.real[first.unit] == Real::Up);
            }
        }
        for conflict in self.engine.graph().conflicts(unit) {
            assert_eq!(self.real[conflict.unit], Real::Down, "{unit} begun beside {}", conflict.unit);
        }
        self.enter(unit, Real::Starting);
        if self.engine.will_burn(unit) {
            self.burns[unit] = true;
            let burning = self.burns.iter().filter(|burns| **burns).count();
            assert!(burning <= self.processors, "{unit} begun as number {burning} of {}", self.processors);
        }
        if self.random.percent(80) {
            self.promise(unit, EXECUTED, 2);
        }
        let has_deadline = self.engine.graph().vertex(unit).start_timeout().is_some();
        match self.random.below(10) {
            0 => self.promise(unit, FAILED, 100),
            1 => self.promise(unit, SKIPPED, 2),
            2 if has_deadline => (),
            3 => self.promise(unit, READY, 100),
            _ => self.promise(unit, READY, 5),
        }
    }

    fn take_down(&mut self, unit: UnitIndex) {
        let real = self.real[unit];
        assert!(matches!(real, Real::Up | Real::Starting), "{unit} taken down while {real:?}");
        for later in self.engine.graph().successors(unit).to_vec() {
            let is_bound = later.kind == EdgeKind::Needs || self.stopping_all;
            let is_down = self.real[later.unit] == Real::Down || self.lingers(later.unit);
            assert!(!is_bound || is_down, "{unit} taken down before {}", later.unit);
        }
        self.enter(unit, Real::Stopping);
        match self.random.below(10) {
            0 => (),
            1 => self.promise(unit, DOWN, 100),
            2 => self.promise(unit, FAILED, 5),
            _ => self.promise(unit, DOWN, 5),
        }
    }

    /// What was promised before no longer counts.
    fn enter(&mut self, unit: UnitIndex, real: Real) {
        self.real[unit] = real;
        self.burns[unit] = false;
        self.episode[unit] += 1;
    }

    fn promise(&mut self, unit: UnitIndex, what: u8, seconds: usize) {
        self.promised += 1;
        let time = self.now + self.random.below(seconds * SECOND as usize) as u64;
        self.promises.push(Reverse((time, self.promised, unit, self.episode[unit], what)));
    }

    /// It was given up and still runs; it may be waiting for a start that will be refused.
    fn lingers(&self, unit: UnitIndex) -> bool {
        let is_given_up = self.engine.slots[unit].lingers || self.engine.state(unit) == State::Failed;
        self.real[unit] == Real::Stopping && is_given_up
    }

    /// Every wait has ended, and what is up has what it needs.
    pub(super) fn check_settled(&self) {
        assert!(self.engine.is_settled());
        assert_eq!(self.engine.next_deadline(), None);
        let graph = self.engine.graph();
        for unit in 0..graph.len() {
            let state = self.engine.state(unit);
            assert!(
                matches!(state, State::Down | State::Up | State::Degraded | State::Failed | State::Skipped),
                "{unit} {state:?}"
            );
            assert!(!state.is_up() || self.real[unit] == Real::Up);
            let wishes = graph.predecessors(unit).iter().filter(|first| first.kind == EdgeKind::Wants);
            let mut wishes = wishes.map(|first| self.engine.state(first.unit));
            let is_short = wishes.any(|wish| wish == State::Failed);
            assert_eq!(state == State::Degraded, state.is_up() && is_short, "{unit} {state:?}");
            let needs = graph.predecessors(unit).iter().filter(|first| first.kind == EdgeKind::Needs);
            for first in needs.filter(|_| state.is_up()) {
                let need = self.engine.state(first.unit);
                assert!(need.is_up() || need == State::Skipped, "{unit} is up, {} is {need:?}", first.unit);
            }
        }
    }

    /// Nobody waits for a processor while one is free, or has to let a shorter path go first.
    fn check_turns(&self) {
        let engine = &self.engine;
        let burning = engine.slots.iter().filter(|slot| slot.burns).count();
        assert_eq!(engine.processors.burning, burning);
        assert_eq!(engine.processors.working, engine.slots.iter().filter(|slot| slot.works).count());
        let occupied = |unit: UnitIndex| engine.slots[unit].occupies();
        let waits = |unit: &UnitIndex| {
            let slot = &engine.slots[*unit];
            let is_free = engine.graph().conflicts(*unit).iter().all(|conflict| !occupied(conflict.unit));
            slot.state == State::Waiting && !slot.leaving && slot.start_blockers == 0 && is_free
        };
        for unit in (0..engine.slots.len()).filter(waits) {
            assert!(engine.will_burn(unit), "{unit} waits for nothing");
            assert!(burning >= self.processors, "{unit} waits while a processor is free");
        }
    }

    /// The counters that the engine keeps are what a recount gives.
    fn check_counters(&self) {
        let slots = &self.engine.slots;
        for (unit, slot) in slots.iter().enumerate() {
            let before = self.engine.graph().predecessors(unit).iter();
            let after = self.engine.graph().successors(unit).iter();
            assert_eq!(slot.start_blockers, before.filter(|first| slots[first.unit].is_busy()).count());
            assert_eq!(slot.stop_blockers, after.filter(|later| slots[later.unit].leaving).count());
        }
        assert_eq!(self.engine.busy, slots.iter().filter(|slot| slot.is_busy()).count());
    }
}
