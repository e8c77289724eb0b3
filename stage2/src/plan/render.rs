//! A plan as text for people, JSON for programs, and a drawing for Graphviz.

use std::borrow::Cow;
use std::fmt::Write;

use serde::Serialize;

use super::{FileChange, Plan, Step};

/// The JSON form: DESIGN §7's keys, in this order; then what only some plans have.
#[derive(Serialize)]
struct PlanRecord<'a> {
    v: u32,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<String>,
    steps: Vec<StepRecord<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<FailureRecord<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileRecord<'a>>,
}

#[derive(Serialize)]
struct FailureRecord<'a> {
    unit: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct FileRecord<'a> {
    action: &'static str,
    path: Cow<'a, str>,
}

#[derive(Serialize)]
struct StepRecord<'a> {
    unit: &'a str,
    action: &'static str,
    after: Vec<&'a str>,
    expected_ms: Option<u64>,
    critical: bool,
}

impl Plan {
    /// A line for each file; one for each step, the critical ones marked with `*`; then what cannot be begun, and why.
    pub fn text(&self) -> String {
        let file = |file: &FileChange| format!("{:<8}  {}\n", file.action, file.path.display());
        let mut text = self.files.iter().map(file).collect::<String>() + &self.heading() + "\n";
        let width = self.steps.iter().map(|step| step.unit.len()).max().unwrap_or(0);
        for step in &self.steps {
            let mark = if step.critical { '*' } else { ' ' };
            let mut line = format!("{mark} {:<7} {:<width$}", step.action.name(), step.unit);
            if let Some(milliseconds) = step.expected_ms {
                line += &format!("  {milliseconds} ms");
            }
            if !step.after.is_empty() {
                line += &format!("  after {}", self.names(step).join(" "));
            }
            text = text + line.trim_end() + "\n";
        }
        self.failures.iter().for_each(|(unit, reason)| text += &format!("! {unit}: {reason}\n"));
        text
    }

    /// One line of JSON, without the line end.
    pub fn json(&self) -> String {
        let record = PlanRecord {
            v: 1,
            target: &self.target,
            signal: self.signal.map(|signal| signal.to_string()),
            steps: self.steps.iter().map(|step| self.record(step)).collect(),
            failures: self.failures.iter().map(|(unit, reason)| FailureRecord { unit, reason }).collect(),
            files: self.files.iter().map(FileChange::record).collect(),
        };
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// A directed graph: needs are solid, wants dashed, order dotted; the critical path is red.
    pub fn dot(&self) -> String {
        let title = quoted(&self.title());
        let mut text = format!("digraph {title} {{\n  rankdir=LR;\n  node [shape=box];\n");
        for step in &self.steps {
            let label = step.expected_ms.map_or_else(|| step.unit.clone(), |ms| format!("{} ({ms} ms)", step.unit));
            let color = if step.critical { ", color=red" } else { "" };
            let _ = writeln!(text, "  {} [label={}{color}];", quoted(&step.unit), quoted(&label));
        }
        for step in &self.steps {
            for &(other, kind) in &step.after {
                let style = ["dotted", "dashed", "solid"][usize::from(kind.strength())];
                let other = &self.steps[other];
                let color = if step.critical && other.critical { ", color=red" } else { "" };
                let (from, to) = (quoted(&other.unit), quoted(&step.unit));
                let _ = writeln!(text, "  {from} -> {to} [style={style}{color}];");
            }
        }
        text + "}\n"
    }

    /// `start default`, `kill sshd with HUP`.
    fn title(&self) -> String {
        let signal = self.signal.map_or_else(String::new, |signal| format!("with {signal}"));
        let words = [self.verb.name(), &self.target, &signal];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// `start default: 12 steps, about 3200 ms`.
    fn heading(&self) -> String {
        let mut text = self.title() + ": ";
        text += &match self.steps.len() {
            0 => "nothing to do".into(),
            1 => "1 step".into(),
            count => format!("{count} steps"),
        };
        self.expected_ms().map_or(text.clone(), |milliseconds| format!("{text}, about {milliseconds} ms"))
    }

    fn record<'a>(&'a self, step: &'a Step) -> StepRecord<'a> {
        StepRecord {
            unit: &step.unit,
            action: step.action.name(),
            after: self.names(step),
            expected_ms: step.expected_ms,
            critical: step.critical,
        }
    }

    fn names(&self, step: &Step) -> Vec<&str> {
        step.after.iter().map(|&(other, _)| self.steps[other].unit.as_str()).collect()
    }
}

impl FileChange {
    fn record(&self) -> FileRecord<'_> {
        FileRecord { action: self.action, path: self.path.to_string_lossy() }
    }
}

/// A Graphviz string: a backslash and a quotation mark are escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
