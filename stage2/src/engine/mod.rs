//! The engine: brings units up and takes them down in the order of the graph.
//!
//! A pure state machine: it is told events and the time, and answers with actions. It must never look at a clock, a
//! file or a process, never recurse on the depth of the graph, and never leave a wait without a deadline; only a unit
//! whose `start-timeout` is `none` may start for as long as it likes.
//!
//! States of a unit: down → waiting → starting → up → stopping → down; starting → skipped; waiting, starting, up,
//! stopping → failed. The rules:
//! - A unit is begun once everything before it has settled and everything it needs is up. Skipped counts as up: what
//!   a unit needs and what does not apply to this machine cannot be missing from it.
//! - A unit fails as soon as something that it needs has failed. Failing after having been up takes down what needs it.
//! - A unit is told to stop once everything after it that is to stop as well is down.
//! - A unit is begun again only after it was down: a start during a stop waits for the end of the stop.
//! - What cannot be stopped is failed, and holds up nobody.
//! - Of two units that conflict, the one that is started later stops the other, and is begun once that is down.
//! - Of units that are known to keep a processor busy while they start, no more are starting than there are processors; the
//!   one with the longest remaining path is next.
//! - A unit that is up is degraded for as long as something that it wants has failed.

pub mod event;

mod conflict;
mod deadline;
mod degraded;
mod foresight;
mod outbox;
mod outcome;
mod processors;
mod request;
mod settle;
mod slot;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use supervisor::state::State;

use crate::graph::Graph;
use event::{Action, Event, Nanoseconds, UnitIndex};
use outbox::Outbox;
use processors::Processors;
use slot::{Patience, Slot};

/// Units and what becomes of them.
#[derive(Clone, Debug)]
pub struct Engine {
    graph: Graph,
    slots: Vec<Slot>,
    /// Milliseconds until the end of the longest path from each unit on.
    remaining: Vec<u64>,
    timers: BTreeSet<(Nanoseconds, UnitIndex)>,
    busy: usize,
    processors: Processors,
    queue: VecDeque<UnitIndex>,
    /// Units whose state has changed in this step.
    touched: Vec<UnitIndex>,
    outbox: Outbox,
    now: Nanoseconds,
}

impl Engine {
    /// An engine whose units are all down.
    pub fn new(graph: Graph) -> Self {
        let slots = vec![Slot::new(); graph.len()];
        let engine = Self {
            slots,
            remaining: Vec::new(),
            timers: BTreeSet::new(),
            busy: 0,
            processors: Processors::default(),
            queue: VecDeque::new(),
            touched: Vec::new(),
            outbox: Outbox::default(),
            now: 0,
            graph,
        };
        engine.with_durations(&BTreeMap::new())
    }

    /// Begins the longest remaining path first, by the milliseconds that each unit took earlier. Unknown ones count 1.
    pub fn with_durations(mut self, milliseconds: &BTreeMap<String, u64>) -> Self {
        self.remaining = vec![0; self.graph.len()];
        for &unit in self.graph.order().iter().rev() {
            let rest = self.graph.successors(unit).iter().map(|later| self.remaining[later.unit]).max().unwrap_or(0);
            let own = milliseconds.get(self.graph.name(unit)).copied().unwrap_or(1).max(1);
            self.remaining[unit] = rest.saturating_add(own);
        }
        self
    }

    /// The units and their numbers.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What a unit is now.
    pub fn state(&self, unit: UnitIndex) -> State {
        let slot = &self.slots[unit];
        if slot.is_degraded { State::Degraded } else { slot.state }
    }

    /// It is up, or on its way: not down, failed or skipped.
    pub fn is_there(&self, unit: UnitIndex) -> bool {
        let slot = &self.slots[unit];
        slot.is_busy() || slot.state == State::Up
    }

    /// When it became that.
    pub fn since(&self, unit: UnitIndex) -> Nanoseconds {
        self.slots[unit].since
    }

    /// Whether nothing is under way and nothing is awaited.
    pub fn is_settled(&self) -> bool {
        self.busy == 0
    }

    /// When [`Event::Tick`] is due; `None`: no deadline runs.
    pub fn next_deadline(&self) -> Option<Nanoseconds> {
        self.timers.first().map(|&(time, _)| time)
    }

    /// Takes over what files and processes say of a unit, before the first event. Nothing is reported or done.
    ///
    /// Starting and stopping mean that BringUp or TakeDown was carried out and its answer is still to come; their
    /// deadlines count from `since`. Waiting is taken as down (the request is told again).
    pub fn adopt(&mut self, unit: UnitIndex, state: State, since: Nanoseconds) {
        let is_degraded = state == State::Degraded;
        let state = match state {
            State::Waiting => State::Down,
            State::Degraded => State::Up,
            State::Down | State::Starting | State::Up | State::Stopping | State::Failed | State::Skipped => state,
        };
        self.change(unit, |slot| {
            slot.state = state;
            slot.since = since;
            slot.leaving = state == State::Stopping;
            slot.is_degraded = is_degraded;
        });
        match state {
            State::Starting => {
                self.set_to_work(unit);
                self.arm(unit, Patience::Fresh, since);
            }
            State::Stopping => self.arm(unit, Patience::Asked, since),
            State::Down | State::Waiting | State::Up | State::Failed | State::Skipped | State::Degraded => (),
        }
    }

    /// Takes in one event and says what is to be done, in order. `now` never goes back.
    pub fn step(&mut self, event: Event, now: Nanoseconds) -> Vec<Action> {
        self.processors.share(now.saturating_sub(self.now));
        self.now = self.now.max(now);
        match event {
            Event::Start(units) => self.start(&units, true),
            Event::Resume(units) => self.start(&units, false),
            Event::Stop(units) => self.stop(&units),
            Event::Restart(units) => self.restart(&units),
            Event::StopAll => self.stop_all(),
            Event::Executed { unit, pid: _ } => self.on_executed(unit),
            Event::Ready(unit) => self.on_ready(unit),
            Event::Failed { unit, reason, exit } => self.on_failed(unit, reason, exit),
            Event::Skipped { unit, reason } => self.on_skipped(unit, reason),
            Event::Down(unit) => self.on_down(unit, false),
            Event::Killed(unit) => self.on_down(unit, true),
            Event::Tick => self.on_tick(),
        }
        self.settle();
        self.judge_degraded();
        self.flush()
    }
}
