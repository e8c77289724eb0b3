//! Thousands of random graphs with random requests, answers and accidents; the [`World`] watches.

use super::prng::Random;
use super::world::World;
use crate::graph::Graph;
use crate::graph::samples::draft;

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
        text += ["", " start=5", " start=none", " start=15 stop=1", " stop=0"][random.below(5)];
        text += "\n";
    }
    draft(&text).cut().0
}

fn check(seed: u64, count: usize) -> usize {
    let mut random = Random(seed);
    let graph = random_graph(&mut random, count);
    let mut world = World::new(graph, random);
    world.live();
    world.begun
}

/// Whatever happens, every wait ends, nothing is begun before what it needs is up or twice without having been down,
/// and everything is taken down in reverse order.
#[test]
fn small_graphs() {
    let begun: usize = (0..4000).map(|seed| check(seed, 1 + (seed % 14) as usize)).sum();
    assert!(begun > 20_000, "the runs did too little: {begun}");
}

/// The same where many units are in one another's way.
#[test]
fn large_graphs() {
    let begun: usize = (0..40).map(|seed| check(1_000_000 + seed, 80)).sum();
    assert!(begun > 1_000, "the runs did too little: {begun}");
}
