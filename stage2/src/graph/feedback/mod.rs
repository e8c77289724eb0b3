//! Arcs to leave out of a graph so that no circle is left, at the least weight.
//!
//! Small graphs are solved by way of the best order of every subset. Larger ones by their circles: the lightest arcs
//! that hit the circles known so far either hit all of them, and then nothing lighter does, or leave circles that are
//! added. Either way is bounded by steps, never by time, so that the answer is the same on every machine; what is not
//! solved by then gets an order against which little runs.

mod circles;
mod hitting;
mod peeling;
mod subsets;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// What it costs to leave an arc out. Sums are compared, so whoever makes weights leaves room in each part of them.
pub(super) type Weight = u128;

/// The lowest bits of a weight: they choose among answers that are as good as each other, and none is searched for to
/// better them.
pub(super) const TIES: u32 = 48;

/// The largest graph that is solved by subsets: 2^14 of them.
const MOST_BY_SUBSETS: usize = 14;

/// Arcs looked at in search of the best answer, and then to thin out one that is good.
const MOST_STEPS: usize = 4_000_000;

/// So many places of a list are cleared in the time of a step.
const CLEARED: usize = 8;

/// From what comes first to what comes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arc {
    pub(super) first: usize,
    pub(super) later: usize,
    pub(super) weight: Weight,
}

/// A graph with numbered vertices and arcs.
#[derive(Clone, Debug)]
pub(super) struct Feedback {
    arcs: Vec<Arc>,
    /// By vertex, its arcs to what comes later.
    outgoing: Vec<Vec<usize>>,
    /// By vertex, its arcs from what comes first.
    incoming: Vec<Vec<usize>>,
}

/// What to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Numbers of arcs, in their order.
    pub(super) arcs: Vec<usize>,
    /// Nothing that weighs less does it.
    pub(super) least: Weight,
}

/// Steps that may still be taken.
#[derive(Debug)]
struct Steps(usize);

impl Steps {
    /// Takes some; false: they are used up.
    fn take(&mut self, count: usize) -> bool {
        super::steps::count(count);
        self.0 = self.0.saturating_sub(count);
        self.0 > 0
    }

    fn are_over(&self) -> bool {
        self.0 == 0
    }
}

impl Feedback {
    /// A graph with so many vertices and these arcs, at most one from each vertex to each other.
    pub(super) fn new(size: usize, arcs: Vec<Arc>) -> Self {
        let (mut outgoing, mut incoming) = (vec![Vec::new(); size], vec![Vec::new(); size]);
        for (number, arc) in arcs.iter().enumerate() {
            outgoing[arc.first].push(number);
            incoming[arc.later].push(number);
        }
        Self { arcs, outgoing, incoming }
    }

    /// The arcs to leave out.
    pub(super) fn answer(&self) -> Answer {
        match self.size() <= MOST_BY_SUBSETS {
            true => self.by_subsets(),
            false => self.by_circles(&mut Steps(MOST_STEPS)),
        }
    }

    fn by_subsets(&self) -> Answer {
        let arcs = self.against(&subsets::best_order(self));
        Answer { least: self.weigh(&arcs), arcs }
    }

    fn by_circles(&self, steps: &mut Steps) -> Answer {
        let mut known: Vec<Vec<usize>> = Vec::new();
        let mut least = 0;
        let mut chosen = Vec::new();
        while !steps.are_over() {
            let hit = hitting::lightest(&known, &self.arcs, steps);
            (chosen, least) = (hit.arcs, least.max(hit.least));
            let more = circles::disjoint(self, &chosen, steps);
            if more.is_empty() && !steps.are_over() {
                return Answer { arcs: chosen, least };
            }
            known.extend(more);
        }
        let candidates = [self.completed(&chosen), self.completed(&[])];
        let best = candidates.into_iter().min_by_key(|arcs| self.weigh(arcs)).unwrap_or_default();
        Answer { arcs: best, least }
    }

    fn size(&self) -> usize {
        self.outgoing.len()
    }

    fn weigh(&self, arcs: &[usize]) -> Weight {
        arcs.iter().map(|&arc| self.arcs[arc].weight).sum()
    }

    /// The arcs that run against an order of the vertices.
    fn against(&self, order: &[usize]) -> Vec<usize> {
        let mut place = vec![0; self.size()];
        order.iter().enumerate().for_each(|(at, &vertex)| place[vertex] = at);
        let runs_against = |&arc: &usize| place[self.arcs[arc].first] >= place[self.arcs[arc].later];
        (0..self.arcs.len()).filter(runs_against).collect()
    }

    /// These arcs, and more where circles are left, less those that are not needed for it.
    fn completed(&self, chosen: &[usize]) -> Vec<usize> {
        let mut is_out = vec![false; self.arcs.len()];
        chosen.iter().for_each(|&arc| is_out[arc] = true);
        self.against(&peeling::good_order(self, &is_out)).into_iter().for_each(|arc| is_out[arc] = true);
        self.thin_out(&mut is_out, &mut Steps(MOST_STEPS));
        (0..self.arcs.len()).filter(|&arc| is_out[arc]).collect()
    }

    /// Puts arcs back that close no circle, the heaviest first.
    fn thin_out(&self, is_out: &mut [bool], steps: &mut Steps) {
        let mut arcs: Vec<usize> = (0..self.arcs.len()).filter(|&arc| is_out[arc]).collect();
        arcs.sort_by_key(|&arc| std::cmp::Reverse(self.arcs[arc].weight));
        for arc in arcs {
            let Arc { first, later, .. } = self.arcs[arc];
            if !steps.take(self.size() / CLEARED) {
                return;
            }
            is_out[arc] = self.leads(later, first, is_out, steps);
        }
    }

    /// Whether a way leads from one vertex to another without what is out; it does where the steps are used up.
    fn leads(&self, from: usize, to: usize, is_out: &[bool], steps: &mut Steps) -> bool {
        let mut is_reached = vec![false; self.size()];
        let mut queue = VecDeque::from([from]);
        while let Some(vertex) = queue.pop_front() {
            if vertex == to || !steps.take(self.outgoing[vertex].len() + 1) {
                return true;
            }
            for &arc in self.outgoing[vertex].iter().filter(|&&arc| !is_out[arc]) {
                let next = self.arcs[arc].later;
                if !std::mem::replace(&mut is_reached[next], true) {
                    queue.push_back(next);
                }
            }
        }
        false
    }
}
