//! Circles of a graph that have no arc in common.

use std::collections::VecDeque;

use super::{CLEARED, Feedback, Steps};

/// Circles that are left without the arcs that are out, as many as are found one after the other, each the shortest
/// through a vertex. None: there is no circle, or the steps are used up.
pub(super) fn disjoint(graph: &Feedback, out: &[usize], steps: &mut Steps) -> Vec<Vec<usize>> {
    let mut core = Core::new(graph, out, steps);
    let mut circles = Vec::new();
    for vertex in 0..graph.size() {
        while let Some(circle) = core.shortest_through(vertex, steps) {
            circle.iter().for_each(|&arc| core.remove(arc));
            core.peel(steps);
            circles.push(circle);
        }
    }
    circles
}

/// What is left of a graph once nothing that lies on no circle hangs on it.
struct Core<'a> {
    graph: &'a Feedback,
    is_out: Vec<bool>,
    incoming: Vec<usize>,
    outgoing: Vec<usize>,
    /// Vertices whose last incoming or last outgoing arc is gone.
    idle: Vec<usize>,
}

impl<'a> Core<'a> {
    fn new(graph: &'a Feedback, out: &[usize], steps: &mut Steps) -> Self {
        let count = |lists: &[Vec<usize>]| lists.iter().map(Vec::len).collect::<Vec<usize>>();
        let mut core = Self {
            graph,
            is_out: vec![false; graph.arcs.len()],
            incoming: count(&graph.incoming),
            outgoing: count(&graph.outgoing),
            idle: Vec::new(),
        };
        let bare = |vertex: &usize| core.incoming[*vertex] == 0 || core.outgoing[*vertex] == 0;
        core.idle = (0..graph.size()).filter(bare).collect();
        out.iter().for_each(|&arc| core.remove(arc));
        core.peel(steps);
        core
    }

    fn remove(&mut self, arc: usize) {
        if std::mem::replace(&mut self.is_out[arc], true) {
            return;
        }
        let (first, later) = (self.graph.arcs[arc].first, self.graph.arcs[arc].later);
        self.outgoing[first] -= 1;
        self.incoming[later] -= 1;
        self.idle.extend(
            [(first, self.outgoing[first]), (later, self.incoming[later])]
                .iter()
                .filter_map(|end| (end.1 == 0).then_some(end.0)),
        );
    }

    /// Removes the arcs of what comes after nothing or before nothing.
    fn peel(&mut self, steps: &mut Steps) {
        let graph = self.graph;
        while let Some(vertex) = self.idle.pop() {
            for &arc in graph.incoming[vertex].iter().chain(&graph.outgoing[vertex]) {
                steps.take(1);
                self.remove(arc);
            }
        }
    }

    /// The shortest circle through a vertex.
    fn shortest_through(&self, start: usize, steps: &mut Steps) -> Option<Vec<usize>> {
        if self.incoming[start] == 0 || self.outgoing[start] == 0 || !steps.take(self.graph.size() / CLEARED) {
            return None;
        }
        let mut reached_by: Vec<Option<usize>> = vec![None; self.graph.size()];
        let mut queue = VecDeque::from([start]);
        while let Some(vertex) = queue.pop_front() {
            for &arc in self.graph.outgoing[vertex].iter().filter(|&&arc| !self.is_out[arc]) {
                if !steps.take(1) {
                    return None;
                }
                let next = self.graph.arcs[arc].later;
                if reached_by[next].is_some() {
                    continue;
                }
                reached_by[next] = Some(arc);
                if next == start {
                    return Some(self.way_back(start, &reached_by));
                }
                queue.push_back(next);
            }
        }
        None
    }

    fn way_back(&self, start: usize, reached_by: &[Option<usize>]) -> Vec<usize> {
        let mut circle = Vec::new();
        let mut at = start;
        while let Some(arc) = reached_by[at] {
            circle.push(arc);
            at = self.graph.arcs[arc].first;
            if at == start {
                break;
            }
        }
        circle
    }
}
