//! A story of events and the lines that the engine answers with.

use crate::engine::Engine;
use crate::engine::event::{Action, Event, Report, UnitIndex};
use crate::graph::samples::graph;

/// An engine and its time, in seconds.
pub struct Script {
    pub engine: Engine,
    now: u64,
}

impl Script {
    /// Units as in [`crate::graph::samples::units`]; every one is a root.
    pub fn new(text: &str) -> Self {
        Self { engine: Engine::new(graph(text)), now: 0 }
    }

    pub fn unit(&self, name: &str) -> UnitIndex {
        self.engine.graph().index(name).unwrap_or_else(|| panic!("no unit {name}"))
    }

    pub fn all(&self, names: &str) -> Vec<UnitIndex> {
        names.split_whitespace().map(|name| self.unit(name)).collect()
    }

    /// Lets seconds pass.
    pub fn pass(&mut self, seconds: u64) -> Vec<String> {
        self.now += seconds;
        self.tell(Event::Tick)
    }

    /// `start a b`, `stop`, `restart`, `resume`, `stop-all`; `run`, `ready`, `skip`, `down a`; `fail a REASON`.
    pub fn say(&mut self, words: &str) -> Vec<String> {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        let (first, reason) = rest.split_once(' ').unwrap_or((rest, "exit 1"));
        let reason = reason.to_owned();
        let event = match verb {
            "start" => Event::Start(self.all(rest)),
            "resume" => Event::Resume(self.all(rest)),
            "stop" => Event::Stop(self.all(rest)),
            "restart" => Event::Restart(self.all(rest)),
            "stop-all" => Event::StopAll,
            "run" => Event::Executed { unit: self.unit(first), pid: Some(1) },
            "ready" => Event::Ready(self.unit(first)),
            "skip" => Event::Skipped { unit: self.unit(first), reason },
            "fail" => Event::Failed { unit: self.unit(first), reason, exit: Some(1) },
            "down" => Event::Down(self.unit(first)),
            _ => panic!("no event {verb}"),
        };
        self.tell(event)
    }

    /// Says all of it and forgets the answers.
    pub fn after(mut self, sentences: &[&str]) -> Self {
        sentences.iter().for_each(|words| drop(self.say(words)));
        self
    }

    fn tell(&mut self, event: Event) -> Vec<String> {
        let actions = self.engine.step(event, self.now * 1_000_000_000);
        actions.iter().map(|action| self.line(action)).collect()
    }

    fn line(&self, action: &Action) -> String {
        let name = |unit: &UnitIndex| self.engine.graph().name(*unit).to_owned();
        match action {
            Action::BringUp(unit) => format!("bring up {}", name(unit)),
            Action::TakeDown(unit) => format!("take down {}", name(unit)),
            Action::Abandon(unit) => format!("abandon {}", name(unit)),
            Action::Kill(unit) => format!("kill {}", name(unit)),
            Action::Report(report) => self.report(report, &name(&report.unit)),
        }
    }

    fn report(&self, report: &Report, name: &str) -> String {
        let seconds = self.now - report.since / 1_000_000_000;
        let mut line = format!("{name}: {} → {}", report.from.name(), report.state.name());
        if seconds > 0 {
            line += &format!(" after {seconds} s");
        }
        if let Some(reason) = &report.reason {
            line += &format!(": {reason}");
        }
        if !report.waits_for.is_empty() {
            let names: Vec<&str> = report.waits_for.iter().map(|&unit| self.engine.graph().name(unit)).collect();
            line += &format!(" for {}", names.join(" "));
        }
        line
    }

    /// `a up, b down`, in the order of the numbers.
    pub fn states(&self) -> String {
        let graph = self.engine.graph();
        let state = |unit| format!("{} {}", graph.name(unit), self.engine.state(unit).name());
        (0..graph.len()).map(state).collect::<Vec<_>>().join(", ")
    }
}
