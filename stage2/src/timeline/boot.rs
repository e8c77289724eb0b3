//! One boot, read from the lines of `timeline.jsonl` (`docs/formats.md`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// How a unit's start ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is up.
    Ready,
    /// It is not, and why.
    Failed(String),
    /// Its condition said no, and which.
    Skipped(String),
}

/// The start of one unit. Times are CLOCK_MONOTONIC in ns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// When it was asked for.
    pub asked_ns: Option<u64>,
    /// When its command was executed.
    pub begin_ns: Option<u64>,
    /// When its start ended.
    pub end_ns: Option<u64>,
    /// How it ended; `None`: it was on its way when the timeline was read.
    pub ending: Option<Ending>,
    /// The units that it waited for.
    pub waited_for: Vec<String>,
}

impl Span {
    /// From the command's execution to the end, in ns; `None` for what was never executed or never ended.
    pub fn took_ns(&self) -> Option<u64> {
        Some(self.end_ns?.saturating_sub(self.begin_ns?))
    }
}

/// The end of a step of stage 1. (Stage 3's do not belong to a boot.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// When it ended, in ns.
    pub end_ns: u64,
    /// What went wrong.
    pub error: Option<String>,
}

/// A boot: from the first event to the moment when no unit that was asked for was on its way any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// Its id.
    pub id: String,
    /// Its first event, in ns.
    pub first_ns: u64,
    /// Stage 1's steps, in order.
    pub steps: Vec<Step>,
    /// Units by name.
    pub spans: BTreeMap<String, Span>,
}

impl Boot {
    /// From a timeline's text. A line that is no event is left out.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader::default();
        for event in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            reader.take(&event);
            if reader.is_over {
                break;
            }
        }
        reader.boot
    }

    /// When the last unit's start ended, in ns; the first event where none did.
    pub fn end_ns(&self) -> u64 {
        self.spans.values().filter_map(|span| span.end_ns).max().unwrap_or(self.first_ns)
    }

    /// From the first event, in ns.
    pub fn since_first(&self, time_ns: u64) -> u64 {
        time_ns.saturating_sub(self.first_ns)
    }
}

#[derive(Default)]
struct Reader {
    boot: Boot,
    has_begun: bool,
    pending: BTreeSet<String>,
    is_over: bool,
}

impl Reader {
    fn take(&mut self, event: &Value) {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let time = event.get("t_ns").and_then(Value::as_u64);
        let (Some(unit), Some(kind), Some(time)) = (text("unit"), text("event"), time) else { return };
        if !self.has_begun {
            self.has_begun = true;
            self.boot.first_ns = time;
            self.boot.id = text("boot").unwrap_or_default().to_owned();
        }
        let reason = || text("reason").unwrap_or_default().to_owned();
        match kind {
            "step" if unit == "stage1" => {
                let name = text("step").unwrap_or_default().to_owned();
                self.boot.steps.push(Step { name, end_ns: time, error: text("error").map(str::to_owned) });
            }
            "wait" => self.wait(unit, time, event),
            "exec" => self.begin(unit, time),
            "ready" => self.end(unit, time, Ending::Ready, event),
            "failed" => self.end(unit, time, Ending::Failed(reason()), event),
            "skipped" => self.end(unit, time, Ending::Skipped(reason()), event),
            _ => {}
        }
    }

    fn wait(&mut self, unit: &str, time: u64, event: &Value) {
        let span = self.boot.spans.entry(unit.to_owned()).or_default();
        span.asked_ns.get_or_insert(time);
        if span.waited_for.is_empty() {
            let names = event.get("for").and_then(Value::as_array).into_iter().flatten();
            span.waited_for = names.filter_map(Value::as_str).map(str::to_owned).collect();
        }
        self.pending.insert(unit.to_owned());
    }

    fn begin(&mut self, unit: &str, time: u64) {
        let span = self.boot.spans.entry(unit.to_owned()).or_default();
        span.asked_ns.get_or_insert(time);
        span.begin_ns.get_or_insert(time);
        self.pending.insert(unit.to_owned());
    }

    fn end(&mut self, unit: &str, time: u64, ending: Ending, event: &Value) {
        let span = self.boot.spans.entry(unit.to_owned()).or_default();
        span.asked_ns.get_or_insert(time);
        if span.end_ns.is_none() {
            span.end_ns = Some(time);
            span.ending = Some(ending);
            // How long it took in all: a service may have crashed and come back before it was ready.
            let took = event.get("ms").and_then(Value::as_u64).map(|ms| time.saturating_sub(ms * 1_000_000));
            span.begin_ns = took.into_iter().chain(span.begin_ns).min();
        }
        // A unit that cannot be read has failed before anything else was asked for.
        let was_pending = self.pending.remove(unit);
        self.is_over = was_pending && self.pending.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crash does not shorten a start; what is asked for after the boot does not belong to it; a broken line is left out.
    #[test]
    fn reads() {
        let text = r#"{"t_ns":100,"boot":"ID","unit":"stage1","event":"step","step":"proc","error":null}
{"t_ns":150,"boot":"ID","unit":"broken","event":"failed","reason":"\"kind\" is missing"}
{"t_ns":200,"boot":"ID","unit":"a","event":"wait","for":[]}
{"t_ns":200,"boot":"ID","unit":"b","event":"wait","for":["a"]}
not an event
{"t_ns":300,"boot":"ID","unit":"a","event":"exec","pid":7}
{"t_ns":9000400,"boot":"ID","unit":"a","event":"ready","ms":9}
{"t_ns":9000500,"boot":"ID","unit":"b","event":"failed","reason":"exit 3"}
{"t_ns":9000600,"boot":"ID","unit":"c","event":"exec","pid":8}
"#;
        let boot = Boot::parse(text);
        assert_eq!((boot.id.as_str(), boot.first_ns, boot.end_ns()), ("ID", 100, 9_000_500));
        assert_eq!(boot.steps, [Step { name: "proc".into(), end_ns: 100, error: None }]);
        assert_eq!(boot.spans.keys().collect::<Vec<_>>(), ["a", "b", "broken"]);
        assert_eq!(boot.spans["a"].took_ns(), Some(9_000_100));
        let b = Span {
            asked_ns: Some(200),
            begin_ns: None,
            end_ns: Some(9_000_500),
            ending: Some(Ending::Failed("exit 3".into())),
            waited_for: vec!["a".into()],
        };
        assert_eq!(boot.spans["b"], b);
    }
}
