//! The ways to an answer against each other, and what they take.

use super::*;
use crate::engine::tests::prng::Random;

/// A graph with so many vertices, about so many arcs of which leave each, and weights of which few are alike.
fn random_graph(random: &mut Random, size: usize, degree: usize) -> Feedback {
    let mut arcs = Vec::new();
    for first in 0..size {
        for later in 0..size {
            if random.below(size) < degree {
                let weight = (1 << 96) + ((random.below(3) as Weight) << 72) + arcs.len() as Weight;
                arcs.push(Arc { first, later, weight });
            }
        }
    }
    Feedback::new(size, arcs)
}

fn has_circle(graph: &Feedback, out: &[usize]) -> bool {
    !circles::disjoint(graph, out, &mut Steps(usize::MAX)).is_empty()
}

/// Circles lead to the same weight as subsets do, and the order that is taken when the steps are used up undoes all
/// circles with no arc too many, at no less than the least.
#[test]
fn ways_agree() {
    let mut random = Random(5);
    for round in 0..600 {
        let (size, degree) = (2 + random.below(9), 1 + random.below(4));
        let graph = random_graph(&mut random, size, degree);
        let exact = graph.by_subsets();
        assert!(!has_circle(&graph, &exact.arcs), "{graph:?}");
        let found = graph.by_circles(&mut Steps(MOST_STEPS));
        assert_eq!(graph.weigh(&found.arcs) >> TIES, exact.least >> TIES, "{round}: {graph:?}");
        assert_eq!(found.least >> TIES, exact.least >> TIES, "{round}: {graph:?}");
        for steps in [0, 1, 20, 200] {
            let rough = graph.by_circles(&mut Steps(steps));
            assert!(!has_circle(&graph, &rough.arcs), "{round}, {steps}: {graph:?}");
            assert!(
                rough.least >> TIES <= exact.least >> TIES && graph.weigh(&rough.arcs) >= exact.least,
                "{round}, {steps}"
            );
            for &arc in &rough.arcs {
                let others: Vec<usize> = rough.arcs.iter().copied().filter(|&other| other != arc).collect();
                assert!(has_circle(&graph, &others), "{round}, {steps}: {arc} is one too many in {graph:?}");
            }
        }
    }
}

/// What knots are like in practice, long circles with short ones in them, is solved at any size; what nobody can solve
/// ends after so many steps.
#[test]
fn large_graphs_are_solved_or_given_up() {
    let mut random = Random(3);
    for size in [15, 40, 200, 1000] {
        let mut arcs: Vec<Arc> =
            (0..size).map(|first| Arc { first, later: (first + 1) % size, weight: 10 << TIES }).collect();
        for _ in 0..size / 4 {
            let first = random.below(size);
            arcs.push(Arc { first, later: (first + size - 1 - random.below(5)) % size, weight: 9 << TIES });
        }
        arcs.sort_by_key(|arc| (arc.first, arc.later));
        arcs.dedup_by_key(|arc| (arc.first, arc.later));
        let graph = Feedback::new(size, arcs);
        let answer = graph.answer();
        assert!(!has_circle(&graph, &answer.arcs), "{size}");
        assert_eq!(graph.weigh(&answer.arcs), answer.least, "{size}");
    }
    let ring = (0..100_000).map(|first| Arc { first, later: (first + 1) % 100_000, weight: 1 << TIES }).collect();
    crate::graph::steps::taken();
    assert_eq!(Feedback::new(100_000, ring).answer().arcs.len(), 1);
    assert!(crate::graph::steps::taken() < 1_000_000);
    let tangle = random_graph(&mut random, 200, 60);
    crate::graph::steps::taken();
    let answer = tangle.answer();
    assert!(!has_circle(&tangle, &answer.arcs) && answer.least < tangle.weigh(&answer.arcs));
    assert!(crate::graph::steps::taken() < 5 * MOST_STEPS);
}
