//! The best order of a small graph: that of every set of vertices, from the empty one up.

use super::{Feedback, Weight};

/// The order against which the least weight runs.
pub(super) fn best_order(graph: &Feedback) -> Vec<usize> {
    let size = graph.size();
    let laters: Vec<Vec<(usize, Weight)>> = (0..size).map(|vertex| laters(graph, vertex)).collect();
    // For every set, what it costs to begin with it at best, and which of it comes last.
    let mut best: Vec<(Weight, usize)> = vec![(Weight::MAX, 0); 1 << size];
    best[0] = (0, 0);
    for set in 0..best.len() {
        for vertex in (0..size).filter(|vertex| set & (1 << vertex) == 0) {
            // What must come after this vertex and is in the set already.
            let against = laters[vertex].iter().filter(|(later, _)| set & (1 << later) != 0);
            let cost = best[set].0 + against.map(|(_, weight)| weight).sum::<Weight>();
            let next = &mut best[set | (1 << vertex)];
            *next = (*next).min((cost, vertex));
        }
    }
    let mut order = Vec::with_capacity(size);
    let mut set = best.len() - 1;
    while set != 0 {
        let vertex = best[set].1;
        order.push(vertex);
        set &= !(1 << vertex);
    }
    order.reverse();
    order
}

fn laters(graph: &Feedback, vertex: usize) -> Vec<(usize, Weight)> {
    let arcs = graph.outgoing[vertex].iter().map(|&arc| &graph.arcs[arc]);
    arcs.filter(|arc| arc.later != vertex).map(|arc| (arc.later, arc.weight)).collect()
}
