//! Plans to read.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use supervisor::state::State;
use units::{Signal, UnitName, UnitSet};

use super::{Plan, Verb};
use crate::graph::Draft;
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

/// A switch takes down what the new bundle does not bring in, and starts what is missing.
#[test]
fn switch() {
    let graph = graph("a < base\nb < base\nbase\nold < base\nolder < old");
    let states = |unit: usize| if graph.name(unit) == "b" { State::Down } else { State::Up };
    let named = [graph.index("a").unwrap(), graph.index("b").unwrap()];
    let plan = Plan::new(&graph, Verb::Switch, "new", &named, states, &BTreeMap::new());
    let expected = "switch new: 3 steps\n* stop    older\n* stop    old    after older\n  start   b\n";
    let mut lines: Vec<String> = plan.text().lines().map(str::to_owned).collect();
    lines.sort();
    let mut wanted: Vec<&str> = expected.lines().collect();
    wanted.sort_unstable();
    assert_eq!(lines, wanted);
}

/// Services that need each other, and units that hardly anything can be asked of.
fn pokes(verb: Verb) -> Plan {
    const RUNS: &str = "kind: longrun\nrun: [/bin/x]\n";
    let set = UnitSet::from_texts(&[
        ("/u/sshd.yaml", &format!("{RUNS}needs: [keys]\n")),
        ("/u/keys.yaml", RUNS),
        ("/u/leaving.yaml", RUNS),
        ("/u/cron.yaml", RUNS),
        ("/u/goal.yaml", "kind: milestone\n"),
        ("/u/once.yaml", "kind: oneshot\nstart: [/bin/x]\n"),
        ("/u/rules.yaml", "kind: oneshot\nstart: [/bin/x]\nreload: [/bin/x]\n"),
    ]);
    let roots: Vec<UnitName> = set.units().keys().cloned().collect();
    let graph = Draft::new(&set, &roots).cut().0;
    let named: Vec<usize> = (0..graph.len()).collect();
    let states = |unit: usize| match graph.name(unit) {
        "cron" => State::Failed,
        "leaving" => State::Stopping,
        _ => State::Up,
    };
    let runs = |unit: usize| states(unit) != State::Failed && !matches!(graph.name(unit), "goal" | "once");
    match verb {
        Verb::Kill => Plan::of_kill(&graph, "all", &named, Signal::new("HUP").unwrap(), runs),
        _ => Plan::new(&graph, verb, "all", &named, states, &[("sshd".to_owned(), 20)].into()),
    }
}

/// A reload is for those that are up and can, and waits for nobody.
#[test]
fn reload() {
    let expected = "\
reload all: 3 steps
* reload  keys
  reload  rules
  reload  sshd
! cron: not reloaded, because it is failed
! goal: not reloaded, because a milestone has nothing to reload
! leaving: not reloaded, because it is stopping
! once: not reloaded, because it has no \"reload\"
";
    assert_eq!(sorted(&pokes(Verb::Reload).text()), expected);
}

/// A signal is for whatever has processes, and all three forms name it.
#[test]
fn kill() {
    let plan = pokes(Verb::Kill);
    let expected = "\
kill all with HUP: 4 steps
* kill    keys
  kill    leaving
  kill    rules
  kill    sshd
! cron: not signalled, because nothing of it runs
! goal: not signalled, because nothing of it runs
! once: not signalled, because nothing of it runs
";
    assert_eq!(sorted(&plan.text()), expected);
    let json = plan.json();
    assert!(json.starts_with(r#"{"v":1,"target":"all","signal":"HUP","steps":[{"#), "{json}");
    let step = r#"{"unit":"sshd","action":"kill","after":[],"expected_ms":null,"critical":false}"#;
    assert!(json.contains(step), "{json}");
    assert!(plan.dot().starts_with("digraph \"kill all with HUP\" {\n"), "{}", plan.dot());
}

/// The heading, the steps and the failures, each in the order of the alphabet: of what waits for nobody any order will do.
fn sorted(text: &str) -> String {
    let (heading, rest) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rest.lines().collect();
    lines.sort_by_key(|line| (line.starts_with('!'), line[1..].to_owned()));
    format!("{heading}\n{}\n", lines.join("\n"))
}

/// A plan of ten thousand random graphs waits for every edge between its steps, with nothing before what it waits for,
/// and is the same on every run.
#[test]
fn random_plans() {
    let mut random = crate::engine::tests::prng::Random(3);
    for round in 0..10_000 {
        let count = 1 + random.below(9);
        let mut text = String::new();
        for unit in 0..count {
            text += &format!("u{unit}");
            for mark in ["<", "~", ">"] {
                if unit > 0 && random.percent(50) {
                    text += &format!(" {mark} u{}", random.below(unit));
                }
            }
            text += "\n";
        }
        let graph = graph(&text);
        let named: Vec<usize> = (0..count).collect();
        let verb = if round % 2 == 0 { Verb::Boot } else { Verb::Stop };
        let state = |_| if verb == Verb::Boot { State::Down } else { State::Up };
        let milliseconds: BTreeMap<String, u64> =
            (0..count).map(|unit| (format!("u{unit}"), random.below(100) as u64)).collect();
        let plan = || Plan::new(&graph, verb, "all", &named, state, &milliseconds);
        let plan_now = plan();
        assert_eq!(plan_now, plan(), "{text}");
        let place = |name: &str| plan_now.steps.iter().position(|step| step.unit == name).unwrap();
        assert_eq!(plan_now.steps.len(), count, "{text}");
        for unit in 0..count {
            for first in graph.predecessors(unit) {
                let (mut first, mut later) = (place(graph.name(first.unit)), place(graph.name(unit)));
                if verb == Verb::Stop {
                    std::mem::swap(&mut first, &mut later);
                }
                assert!(first < later && plan_now.steps[later].after.iter().any(|(at, _)| *at == first), "{text}");
            }
        }
    }
}

/// A chain of ten times the length takes about ten times the work, and no more stack. The work is counted in processor
/// time of the thread, which a busy machine does not lengthen much; a square of the length would be a hundred times.
#[test]
fn chains_are_linear() {
    let work = |count: usize| {
        let lines: Vec<String> = (1..count).map(|unit| format!("u{unit} < u{}", unit - 1)).collect();
        let graph = graph(&format!("u0\n{}", lines.join("\n")));
        let begin = processor_time();
        for (verb, state, named) in
            [(Verb::Boot, State::Down, count - 1), (Verb::Restart, State::Up, 0), (Verb::Stop, State::Up, 0)]
        {
            let unit = graph.index(&format!("u{named}")).unwrap();
            let plan = Plan::new(&graph, verb, "chain", &[unit], |_| state, &BTreeMap::new());
            assert!(plan.steps.len() == count && plan.steps.iter().all(|step| step.critical), "{verb:?}");
            assert!(plan.steps.iter().enumerate().all(|(at, step)| at == 0 || step.after[0].0 == at - 1));
        }
        processor_time() - begin
    };
    let run = move || work(20_000).as_secs_f64() / work(2_000).as_secs_f64();
    let ratio = std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap().join().unwrap();
    assert!(ratio < 35.0, "ten times the units took {ratio} times the work");
}

/// What this thread has used of a processor.
fn processor_time() -> std::time::Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}
