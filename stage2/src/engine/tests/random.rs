//! Thousands of random graphs with random requests, answers and accidents; the [`World`] watches.

use supervisor::state::State;

use super::prng::Random;
use super::world::World;
use crate::engine::Engine;
use crate::engine::event::{Action, Event};
use crate::graph::Graph;
use crate::graph::samples::{cut, graph};

/// Units with random edges, mostly without cycles; what is a cycle is cut.
fn random_graph(random: &mut Random, count: usize) -> Graph {
    let mut text = String::new();
    for unit in 0..count {
        text += &format!("u{unit}");
        for mark in ["<", "~", ">", "^"] {
            text += &format!(" {mark}");
            for _ in 0..random.below(3) {
                let other = random.below(count);
                let is_in_order = if mark == "^" { other > unit } else { other < unit };
                if is_in_order || random.percent(3) {
                    text += &format!(" u{other}");
                }
            }
        }
        if random.percent(15) {
            text += &format!(" ! u{}", random.below(count));
        }
        if random.percent(70) {
            text += " work";
        }
        text += ["", " start=5", " start=none", " start=15 stop=1", " stop=0"][random.below(5)];
        text += "\n";
    }
    cut(&text).0
}

/// How many units were begun, and how many of them as it was foreseen.
fn check(seed: u64, count: usize) -> (usize, usize) {
    let mut random = Random(seed);
    let graph = random_graph(&mut random, count);
    let mut world = World::new(graph, random);
    world.live();
    (world.begun, world.foreseen.came_true)
}

/// Whatever happens, every wait ends, nothing is begun before what it needs is up or twice without having been down,
/// everything is taken down in reverse order, and what was foreseen comes true.
#[test]
fn small_graphs() {
    let done = (0..4000).map(|seed| check(seed, 1 + (seed % 14) as usize));
    let (begun, foreseen) = done.fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    assert!(begun > 20_000 && foreseen > 2_000, "the runs did too little: {begun}, {foreseen}");
}

/// The same where many units are in one another's way.
#[test]
fn large_graphs() {
    let begun: usize = (0..40).map(|seed| check(1_000_000 + seed, 80).0).sum();
    assert!(begun > 1_000, "the runs did too little: {begun}");
}

/// A chain of 10,000 units comes up and goes down in time that grows with its length, and on a small stack.
#[test]
fn long_chain() {
    let count: usize = 10_000;
    let text: String = (1..count).map(|unit| format!("u{unit} < u{}\n", unit - 1)).collect();
    let text = format!("u0\n{text}");
    let run = move || {
        let mut engine = Engine::new(graph(&text));
        let last = engine.graph().index("u9999").unwrap();
        let mut actions = engine.step(Event::Start(vec![last]), 0);
        let mut answered = 0;
        while let Some(Action::BringUp(unit)) = actions.iter().find(|action| matches!(action, Action::BringUp(_))) {
            answered += 1;
            actions = engine.step(Event::Ready(*unit), answered as u64);
        }
        assert_eq!((answered, engine.is_settled()), (count, true));
        engine.step(Event::Failed { unit: 0, reason: "exit 1".into(), exit: Some(1) }, count as u64);
        for unit in (1..count).rev() {
            engine.step(Event::Down(unit), count as u64);
        }
        assert!(engine.is_settled());
        assert_eq!(engine.state(last), State::Failed);
    };
    std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap().join().unwrap();
}
