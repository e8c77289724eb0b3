//! A good order of a large graph, after Eades, Lin and Smyth: what nothing must precede comes first, what nothing must
//! follow last, and of the others always the one that precedes the most and follows the fewest.

use std::collections::BTreeSet;

use super::Feedback;

/// An order against which little runs, of a graph without what is out.
pub(super) fn good_order(graph: &Feedback, is_out: &[bool]) -> Vec<usize> {
    let mut peeling = Peeling::new(graph, is_out);
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    while let Some((vertex, is_last)) = peeling.next() {
        peeling.take(vertex);
        if is_last { tail.push(vertex) } else { head.push(vertex) }
    }
    head.extend(tail.into_iter().rev());
    head
}

/// Vertices that have no place yet.
struct Peeling<'a> {
    graph: &'a Feedback,
    is_out: &'a [bool],
    incoming: Vec<i64>,
    outgoing: Vec<i64>,
    is_taken: Vec<bool>,
    ends: BTreeSet<usize>,
    starts: BTreeSet<usize>,
    others: BTreeSet<(i64, usize)>,
}

impl<'a> Peeling<'a> {
    fn new(graph: &'a Feedback, is_out: &'a [bool]) -> Self {
        let is_in = |&&arc: &&usize| !is_out[arc] && graph.arcs[arc].first != graph.arcs[arc].later;
        let count = |list: &Vec<usize>| list.iter().filter(is_in).count() as i64;
        let mut peeling = Self {
            graph,
            is_out,
            incoming: graph.incoming.iter().map(count).collect(),
            outgoing: graph.outgoing.iter().map(count).collect(),
            is_taken: vec![false; graph.size()],
            ends: BTreeSet::new(),
            starts: BTreeSet::new(),
            others: BTreeSet::new(),
        };
        (0..graph.size()).for_each(|vertex| peeling.sort_in(vertex));
        peeling
    }

    /// The next vertex, and whether it comes last.
    fn next(&self) -> Option<(usize, bool)> {
        let end = self.ends.first().map(|&vertex| (vertex, true));
        let start = || self.starts.first().map(|&vertex| (vertex, false));
        end.or_else(start).or_else(|| self.others.first().map(|&(_, vertex)| (vertex, false)))
    }

    fn take(&mut self, vertex: usize) {
        self.sort_out(vertex);
        self.is_taken[vertex] = true;
        let graph = self.graph;
        let laters = graph.outgoing[vertex].iter().map(|&arc| (arc, graph.arcs[arc].later, true));
        let firsts = graph.incoming[vertex].iter().map(|&arc| (arc, graph.arcs[arc].first, false));
        for (arc, other, is_later) in laters.chain(firsts) {
            crate::graph::steps::count(1);
            if self.is_out[arc] || self.is_taken[other] {
                continue;
            }
            self.sort_out(other);
            let degree = if is_later { &mut self.incoming } else { &mut self.outgoing };
            degree[other] -= 1;
            self.sort_in(other);
        }
    }

    /// Least first: what precedes the most and follows the fewest.
    fn balance(&self, vertex: usize) -> (i64, usize) {
        (self.incoming[vertex] - self.outgoing[vertex], vertex)
    }

    fn sort_in(&mut self, vertex: usize) {
        if self.outgoing[vertex] == 0 {
            self.ends.insert(vertex);
        } else if self.incoming[vertex] == 0 {
            self.starts.insert(vertex);
        } else {
            self.others.insert(self.balance(vertex));
        }
    }

    fn sort_out(&mut self, vertex: usize) {
        self.ends.remove(&vertex);
        self.starts.remove(&vertex);
        self.others.remove(&self.balance(vertex));
    }
}
