//! The smallest set of edges without which a group of units has no circle: what check tells and what a boot leaves out.
//!
//! Of sets of one size the one with the weakest edges is taken, of those the one with the most edges of the operator's
//! own files, and then names decide.

use std::collections::HashMap;
use std::path::Path;

use super::feedback::{Arc, Feedback, TIES, Weight};
use super::{CycleEdge, Draft, UnitIndex};

/// The parts of a weight, from the lowest bit of each: one edge more, its strength, that it is not the operator's, and
/// its place by name. Each has room for the sum of it over every edge of a graph.
const ONE: u32 = STRENGTH + 24;
const STRENGTH: u32 = FOREIGN + 24;
const FOREIGN: u32 = TIES;

/// Edges to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutSet {
    /// Each as it is written, by the units' names; never empty.
    pub edges: Vec<CycleEdge>,
    /// No smaller set does it; else nobody knows.
    pub is_smallest: bool,
}

/// The edges of a group of units, and which of them are to be left out.
pub(super) struct Solved {
    /// Every edge of the group as (first, later), by the ranks of its units.
    pub(super) edges: Vec<(usize, usize, CycleEdge)>,
    /// Places in `edges`.
    pub(super) out: Vec<usize>,
    is_smallest: bool,
}

impl Solved {
    pub(super) fn cut_set(&self) -> CutSet {
        let edges = self.out.iter().map(|&edge| self.edges[edge].2.clone());
        CutSet { edges: edges.collect(), is_smallest: self.is_smallest }
    }
}

impl Draft<'_> {
    /// What to leave out of a group of units that wait for each other, which are sorted by name.
    pub(super) fn solve(&self, units: &[UnitIndex]) -> Solved {
        let rank: HashMap<UnitIndex, usize> = units.iter().enumerate().map(|(rank, &unit)| (unit, rank)).collect();
        let mut edges: Vec<(usize, usize, CycleEdge)> = Vec::new();
        for (later, &unit) in units.iter().enumerate() {
            let firsts = self.befores(unit, &rank).into_iter();
            edges.extend(firsts.filter_map(|other| Some((rank[&other], later, self.edge(other, unit)?))));
        }
        edges.sort_by(|(.., one), (.., other)| (&one.unit, &one.other).cmp(&(&other.unit, &other.other)));
        let weigh = |(place, (first, later, edge)): (usize, &(usize, usize, CycleEdge))| Arc {
            first: *first,
            later: *later,
            weight: self.weight(edge) + place as Weight,
        };
        let answer = Feedback::new(units.len(), edges.iter().enumerate().map(weigh).collect()).answer();
        let is_smallest = answer.least >> ONE == answer.arcs.len() as Weight;
        Solved { edges, out: answer.arcs, is_smallest }
    }

    /// What it costs to leave an edge out, but for its name.
    fn weight(&self, edge: &CycleEdge) -> Weight {
        let is_own = self.own.is_some_and(|own: &Path| edge.place.file.starts_with(own));
        (1 << ONE) + (Weight::from(edge.kind.strength()) << STRENGTH) + (Weight::from(!is_own) << FOREIGN)
    }
}
