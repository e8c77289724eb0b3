//! Plans to read.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use supervisor::state::State;

use super::{Plan, Verb};
use crate::graph::samples::graph;

#[path = "../../../tests/src/skip.rs"]
mod skip;

const UNITS: &str = "sshd < keys ~ network\nkeys < local\nnetwork < local\nlocal\ncron < local";

fn plan(verb: Verb, target: &str, state: State, milliseconds: &[(&str, u64)]) -> Plan {
    let graph = graph(UNITS);
    let named: Vec<usize> = graph.index(target).into_iter().collect();
    let milliseconds = milliseconds.iter().map(|&(name, ms)| (name.to_owned(), ms)).collect();
    Plan::new(&graph, verb, target, &named, |_| state, &milliseconds)
}

/// What a start brings in comes first, and the longest path by earlier times is marked.
#[test]
fn start() {
    let plan = plan(Verb::Start, "sshd", State::Down, &[("network", 900), ("keys", 30), ("sshd", 20)]);
    let expected = "\
start sshd: 4 steps, about 920 ms
* start   local
* start   network  900 ms  after local
  start   keys     30 ms  after local
* start   sshd     20 ms  after network keys
";
    assert_eq!(plan.text(), expected);
}

/// The JSON form has DESIGN's keys in DESIGN's order.
#[test]
fn json() {
    let plan = plan(Verb::Start, "keys", State::Down, &[("keys", 30)]);
    let expected = concat!(
        r#"{"v":1,"target":"keys","steps":["#,
        r#"{"unit":"local","action":"start","after":[],"expected_ms":null,"critical":true},"#,
        r#"{"unit":"keys","action":"start","after":["local"],"expected_ms":30,"critical":true}]}"#
    );
    assert_eq!(plan.json(), expected);
}

/// A stop runs the other way round, and takes down what needs the unit, not what wants it.
#[test]
fn stop() {
    let plan = plan(Verb::Stop, "network", State::Up, &[("network", 900)]);
    assert_eq!(plan.text(), "stop network: 1 step\n* stop    network\n");
    let plan = self::plan(Verb::Stop, "keys", State::Up, &[]);
    assert_eq!(plan.text(), "stop keys: 2 steps\n* stop    sshd\n* stop    keys  after sshd\n");
}

/// A restart is one step a unit, in the order in which they come up again.
#[test]
fn restart() {
    let plan = plan(Verb::Restart, "keys", State::Up, &[]);
    assert_eq!(plan.text(), "restart keys: 2 steps\n* restart keys\n* restart sshd  after keys\n");
}

/// What is up already is no step.
#[test]
fn nothing() {
    assert_eq!(plan(Verb::Start, "sshd", State::Up, &[]).text(), "start sshd: nothing to do\n");
}

/// A unit whose need does not exist is no step, but is told of.
#[test]
fn failure() {
    let graph = graph("a < nosuch\nb < a\nc");
    let plan = Plan::new(&graph, Verb::Start, "x", &[0, 1, 2], |_| State::Down, &BTreeMap::new());
    let expected = "\
start x: 1 step
* start   c
! a: needs nosuch, which does not exist
! b: needs a, which failed
";
    assert_eq!(plan.text(), expected);
}

/// Graphviz accepts the drawing, whatever the target is called.
#[test]
fn dot() {
    let mut plan = plan(Verb::Start, "sshd", State::Down, &[("network", 900)]);
    plan.target = "/a \"b\\".into();
    let drawing = plan.dot();
    assert!(drawing.contains("\"network\" -> \"sshd\" [style=dashed, color=red];"), "{drawing}");
    let Ok(mut dot) = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::null()).spawn() else {
        skip::skip("dot is not installed");
        return;
    };
    dot.stdin.take().unwrap().write_all(drawing.as_bytes()).unwrap();
    assert!(dot.wait().unwrap().success());
}
