//! Ten thousand random graphs: smallest cuts against brute force, the boot's cut against the one that is told, and the same
//! answers on every run.

use std::collections::HashSet;

use super::samples::{roots, units};
use super::{CycleEdge, Draft, Graph, Knot};
use crate::engine::tests::prng::Random;

/// A text of up to eight units with random edges of every kind.
fn random_text(random: &mut Random, is_cyclic: bool) -> String {
    let count = 1 + random.below(8);
    let mut text = String::new();
    for unit in 0..count {
        text += &format!("u{unit}");
        for mark in ["<", "~", ">", "^"] {
            let other = random.below(count);
            let is_in_order = if mark == "^" { other > unit } else { other < unit };
            if random.percent(50) && (is_cyclic || is_in_order) {
                text += &format!(" {mark} u{other}");
            }
        }
        text += "\n";
    }
    text
}

/// Distinct pairs (first, later) that the text names.
fn pairs(text: &str) -> Vec<(usize, usize)> {
    let number = |word: &str| word[1..].parse::<usize>().unwrap();
    let mut pairs = HashSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for edge in words[1..].chunks(2) {
            let (unit, other) = (number(words[0]), number(edge[1]));
            pairs.insert(if edge[0] == "^" { (unit, other) } else { (other, unit) });
        }
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable();
    pairs
}

/// Whether the pairs, less those of the mask, have a cycle: what nothing precedes is taken away until nothing is left.
fn has_cycle(pairs: &[(usize, usize)], without: u64) -> bool {
    let mut firsts = [0u8; 8];
    for (at, &(first, later)) in pairs.iter().enumerate() {
        firsts[later] |= u8::from(without & (1 << at) == 0) << first;
    }
    let mut left: u8 = 0xff;
    loop {
        let mut next = 0;
        for (unit, firsts) in firsts.iter().enumerate() {
            next |= u8::from(firsts & left != 0 && left & (1 << unit) != 0) << unit;
        }
        if next == left {
            return left != 0;
        }
        left = next;
    }
}

/// Whether leaving out fewer than `count` pairs would do.
fn fewer_will_do(pairs: &[(usize, usize)], count: u32) -> bool {
    let Some(fewer) = count.checked_sub(1) else { return false };
    // Subsets of one size, each from the one before.
    let mut subset: u64 = (1 << fewer) - 1;
    while subset < 1 << pairs.len() {
        if !has_cycle(pairs, subset) {
            return true;
        }
        if subset == 0 {
            return false;
        }
        let lowest = subset & subset.wrapping_neg();
        let carried = subset + lowest;
        subset = carried | (((subset ^ carried) >> 2) / lowest);
    }
    false
}

/// What is told of a text, and the boot's graph, which leaves out just that and says on which cycle each edge was.
fn knots_and_graph(text: &str) -> (Vec<Knot>, Graph, Vec<String>) {
    let set = units(text);
    let draft = Draft::new(&set, &roots(text));
    let knots = draft.knots();
    let (graph, cuts) = draft.cut();
    let told: Vec<&CycleEdge> = knots.iter().flat_map(|knot| &knot.cut.edges).collect();
    assert_eq!(cuts.iter().map(|cut| &cut.edge).collect::<Vec<_>>(), told, "{text}");
    for cut in &cuts {
        let on_cycle = |edge: &CycleEdge| cut.cycle.as_ref().is_some_and(|cycle| cycle.edges.contains(edge));
        assert_eq!(told.iter().filter(|edge| on_cycle(edge)).collect::<Vec<_>>(), [&&cut.edge], "{text}{cut:?}");
    }
    (knots, graph, cuts.iter().map(|cut| cut.diagnostic().to_string()).collect())
}

/// A cut set undoes every cycle, no smaller one does, and all of it is the same on every run.
#[test]
fn cut_sets_are_smallest() {
    let mut random = Random(7);
    let mut knotted = 0;
    for _ in 0..10_000 {
        let text = random_text(&mut random, true);
        let (knots, graph, cuts) = knots_and_graph(&text);
        let pairs = pairs(&text);
        let cut: Vec<(usize, usize)> = knots
            .iter()
            .flat_map(|knot| &knot.cut.edges)
            .map(|edge| {
                let number = |name: &units::UnitName| name.as_str()[1..].parse::<usize>().unwrap();
                let (unit, other) = (number(&edge.unit), number(&edge.other));
                if edge.kind == super::EdgeKind::Before { (unit, other) } else { (other, unit) }
            })
            .collect();
        let mask = cut
            .iter()
            .map(|pair| 1 << pairs.iter().position(|other| other == pair).unwrap())
            .fold(0, |a, b: u64| a | b);
        assert_eq!(knots.is_empty(), !has_cycle(&pairs, 0), "{text}");
        assert!(!has_cycle(&pairs, mask), "{text}{cut:?}");
        assert!(!fewer_will_do(&pairs, cut.len() as u32), "{text}{cut:?}");
        assert_eq!(graph.order().len(), graph.len(), "{text}");
        let again = knots_and_graph(&text);
        assert_eq!((knots.clone(), graph.order(), cuts), (again.0, again.1.order(), again.2), "{text}");
        knotted += usize::from(!knots.is_empty());
    }
    assert!(knotted > 3_000, "{knotted}");
}

/// A large group is undone as well, with as few edges as can be.
#[test]
fn large_cut_sets() {
    let mut random = Random(11);
    for _ in 0..40 {
        let count = 15 + random.below(25);
        let line = |unit: usize, random: &mut Random| {
            format!("u{unit} < u{} > u{}\n", (unit + 1) % count, random.below(count))
        };
        let text: String = (0..count).map(|unit| line(unit, &mut random)).collect();
        let (knots, _, _) = knots_and_graph(&text);
        assert_eq!((knots.len(), knots[0].cut.is_smallest, knots[0].units), (1, true, count), "{text}");
        let cut: HashSet<(String, String)> =
            knots[0].cut.edges.iter().map(|edge| (edge.unit.to_string(), edge.other.to_string())).collect();
        let rest: String = text
            .lines()
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let kept = words[1..].chunks(2).filter(|edge| !cut.contains(&(words[0].into(), edge[1].into())));
                format!("{} {}\n", words[0], kept.map(|edge| edge.join(" ")).collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(knots_and_graph(&rest).0, [], "{text}");
    }
}
