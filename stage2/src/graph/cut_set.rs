//! The smallest set of edges without which a group of units has no cycle.
//!
//! Exact for groups of up to [`MOST_EXACT`] units, by way of the best order of every subset; beyond, the order of Eades, Lin
//! and Smyth gives a set that may be larger than it must be, and the report says so. Of sets of one size, the one with
//! the weakest edges is taken.

use std::collections::{BTreeSet, HashMap};

use super::{CycleEdge, Draft, UnitIndex};

/// The largest group whose smallest set is searched for: 2^14 subsets.
pub(super) const MOST_EXACT: usize = 14;

/// What an edge weighs besides its strength, so that fewer edges always weigh less.
const ONE: u64 = 1 << 20;

/// Edges to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutSet {
    /// Each as it is written, by the units' names; never empty.
    pub edges: Vec<CycleEdge>,
    /// No smaller set does it; else nobody knows.
    pub is_smallest: bool,
}

/// The edges of a group, by the ranks of its units.
struct Group {
    size: usize,
    /// The strongest edge of each pair, as (first, later).
    edges: HashMap<(usize, usize), CycleEdge>,
    laters: Vec<Vec<usize>>,
    firsts: Vec<Vec<usize>>,
}

impl Draft<'_> {
    /// The edges to leave out of a group of units that wait for each other, which are sorted by name.
    pub(super) fn cut_set(&self, units: &[UnitIndex]) -> CutSet {
        let group = Group::new(self, units);
        let is_smallest = group.size <= MOST_EXACT;
        let order = if is_smallest { group.best_order() } else { group.good_order() };
        let mut place = vec![0; group.size];
        order.iter().enumerate().for_each(|(at, &unit)| place[unit] = at);
        let against = |&(first, later): &(usize, usize)| place[first] >= place[later];
        let mut pairs: Vec<(usize, usize)> = group.edges.keys().copied().filter(against).collect();
        pairs.sort_unstable();
        CutSet { edges: pairs.iter().map(|pair| group.edges[pair].clone()).collect(), is_smallest }
    }
}

impl Group {
    fn new(draft: &Draft<'_>, units: &[UnitIndex]) -> Self {
        let size = units.len();
        let rank: HashMap<UnitIndex, usize> = units.iter().enumerate().map(|(rank, &unit)| (unit, rank)).collect();
        let mut group =
            Self { size, edges: HashMap::new(), laters: vec![Vec::new(); size], firsts: vec![Vec::new(); size] };
        for (later, &unit) in units.iter().enumerate() {
            for other in draft.befores(unit, &rank) {
                let first = rank[&other];
                let Some(edge) = draft.edge(other, unit) else { continue };
                group.edges.insert((first, later), edge);
                if first != later {
                    group.laters[first].push(later);
                    group.firsts[later].push(first);
                }
            }
        }
        group
    }

    /// What it costs to leave an edge out.
    fn weight(&self, first: usize, later: usize) -> u64 {
        self.edges.get(&(first, later)).map_or(0, |edge| ONE + u64::from(edge.kind.strength()))
    }

    /// The order against which the least runs: for every set of units, the best that they can be begun with.
    fn best_order(&self) -> Vec<usize> {
        let laters: Vec<Vec<(usize, u64)>> = (0..self.size)
            .map(|unit| self.laters[unit].iter().map(|&later| (later, self.weight(unit, later))).collect())
            .collect();
        let mut best = vec![(u64::MAX, 0); 1 << self.size];
        best[0] = (0, 0);
        for set in 0..best.len() {
            for unit in (0..self.size).filter(|unit| set & (1 << unit) == 0) {
                // What must come after this unit and is in the set already.
                let against = laters[unit].iter().filter(|(later, _)| set & (1 << later) != 0);
                let cost = best[set].0 + against.map(|(_, weight)| weight).sum::<u64>();
                let next = &mut best[set | (1 << unit)];
                *next = (*next).min((cost, unit));
            }
        }
        let mut order = Vec::with_capacity(self.size);
        let mut set = best.len() - 1;
        while set != 0 {
            let unit = best[set].1;
            order.push(unit);
            set &= !(1 << unit);
        }
        order.reverse();
        order
    }

    /// An order against which little runs: what nothing must precede comes first, what nothing must follow last, and
    /// of the others always the one that precedes the most and follows the fewest.
    fn good_order(&self) -> Vec<usize> {
        let mut state = Peeling::new(self);
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        while let Some((unit, is_last)) = state.next() {
            state.take(self, unit);
            if is_last { tail.push(unit) } else { head.push(unit) }
        }
        head.extend(tail.into_iter().rev());
        head
    }
}

/// Units that have no place yet.
struct Peeling {
    incoming: Vec<i64>,
    outgoing: Vec<i64>,
    is_taken: Vec<bool>,
    ends: BTreeSet<usize>,
    starts: BTreeSet<usize>,
    others: BTreeSet<(i64, usize)>,
}

impl Peeling {
    fn new(group: &Group) -> Self {
        let count = |lists: &[Vec<usize>]| lists.iter().map(|list| list.len() as i64).collect::<Vec<i64>>();
        let mut peeling = Self {
            incoming: count(&group.firsts),
            outgoing: count(&group.laters),
            is_taken: vec![false; group.size],
            ends: BTreeSet::new(),
            starts: BTreeSet::new(),
            others: BTreeSet::new(),
        };
        (0..group.size).for_each(|unit| peeling.sort_in(unit));
        peeling
    }

    /// The next unit, and whether it comes last.
    fn next(&self) -> Option<(usize, bool)> {
        let end = self.ends.first().map(|&unit| (unit, true));
        let start = || self.starts.first().map(|&unit| (unit, false));
        end.or_else(start).or_else(|| self.others.first().map(|&(_, unit)| (unit, false)))
    }

    fn take(&mut self, group: &Group, unit: usize) {
        self.sort_out(unit);
        self.is_taken[unit] = true;
        let neighbours = group.laters[unit].iter().map(|&other| (other, true));
        for (other, is_later) in neighbours.chain(group.firsts[unit].iter().map(|&other| (other, false))) {
            super::steps::count(1);
            if self.is_taken[other] {
                continue;
            }
            self.sort_out(other);
            let degree = if is_later { &mut self.incoming } else { &mut self.outgoing };
            degree[other] -= 1;
            self.sort_in(other);
        }
    }

    /// Least first: what precedes the most and follows the fewest.
    fn balance(&self, unit: usize) -> (i64, usize) {
        (self.incoming[unit] - self.outgoing[unit], unit)
    }

    fn sort_in(&mut self, unit: usize) {
        if self.outgoing[unit] == 0 {
            self.ends.insert(unit);
        } else if self.incoming[unit] == 0 {
            self.starts.insert(unit);
        } else {
            self.others.insert(self.balance(unit));
        }
    }

    fn sort_out(&mut self, unit: usize) {
        self.ends.remove(&unit);
        self.starts.remove(&unit);
        self.others.remove(&self.balance(unit));
    }
}
