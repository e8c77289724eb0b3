//! Units for tests, written as DESIGN does: `sshd < keys, ~ network, > local, before getty`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use units::{Command, Edge, Kind, Oneshot, Place, Unit, UnitName};

use super::{Cut, Draft, Graph};

/// A name that is known to be good.
pub fn name(text: &str) -> UnitName {
    UnitName::new(text).unwrap()
}

/// A line for each unit: its name, then words: `<` needs, `~` wants, `>` after, `^` before, `!` conflicts, `=` provides for the names
/// that follow;
/// `start=N`, `stop=N` in seconds, `start=none`; `work` for a one-shot with a command, not a milestone. An edge's line is its place in the list, from 1.
pub fn units(text: &str) -> BTreeMap<UnitName, Arc<Unit>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(unit).map(|unit| (unit.name.clone(), Arc::new(unit))).collect()
}

/// The graph of all units of the text, in the order of the text.
pub fn graph(text: &str) -> Graph {
    let (graph, cuts) = cut(text);
    assert_eq!(cuts, []);
    graph
}

/// The same, perhaps with cycles that are cut.
pub fn cut(text: &str) -> (Graph, Vec<Cut>) {
    Draft::new(&units(text), &roots(text)).cut()
}

/// The names of the units in the order of the text.
pub fn roots(text: &str) -> Vec<UnitName> {
    text.lines().filter_map(|line| line.split_whitespace().next()).map(name).collect()
}

/// A milestone without edges.
pub fn plain(text: &str) -> Unit {
    Unit {
        name: name(text),
        place: place(text, 0),
        description: text.into(),
        kind: Kind::Milestone,
        needs: Vec::new(),
        wants: Vec::new(),
        after: Vec::new(),
        before: Vec::new(),
        conflicts: Vec::new(),
        provides: Vec::new(),
        essential: false,
        conditions: Vec::new(),
        start_timeout: Some(Duration::from_secs(60)),
        stop_timeout: Duration::from_secs(10),
    }
}

/// An edge to a unit, on a line.
pub fn edge(from: &str, to: &str, line: u32) -> Edge {
    Edge { unit: name(to), place: place(from, line) }
}

fn place(unit: &str, line: u32) -> Place {
    Place { file: Arc::from(Path::new(&format!("{unit}.yaml"))), line, column: 0 }
}

fn work() -> Kind {
    let start = Some(Command::Argv(vec!["true".into()]));
    Kind::Oneshot(Oneshot { start, stop: None, reload: None, steps: Vec::new(), context: Arc::default() })
}

fn unit(line: &str) -> Unit {
    let mut words = line.split_whitespace();
    let mut unit = plain(words.next().unwrap());
    let text = unit.name.to_string();
    let seconds = |number: &str| Duration::from_secs(number.parse().unwrap());
    let (mut mark, mut count) = ("", 0);
    for word in words {
        match word.split_once('=') {
            Some(("start", "none")) => unit.start_timeout = None,
            Some(("start", number)) => unit.start_timeout = Some(seconds(number)),
            Some(("stop", number)) => unit.stop_timeout = seconds(number),
            _ if word == "work" => unit.kind = work(),
            _ if "<~>^!=".contains(word) => mark = word,
            _ if mark == "=" => {
                count += 1;
                unit.provides.push((name(word), place(&text, count)));
            }
            _ => {
                count += 1;
                let list = match mark {
                    "<" => &mut unit.needs,
                    "~" => &mut unit.wants,
                    ">" => &mut unit.after,
                    "!" => &mut unit.conflicts,
                    _ => &mut unit.before,
                };
                list.push(edge(&text, word, count));
            }
        }
    }
    unit
}
