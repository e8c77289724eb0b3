//! Cycles: shown as a shortest path, and undone by the smallest cut, which is the same for the operator and for the boot.
//!
//! Groups come from `kosaraju_scc`, which does not recurse; the path is our own breadth-first search, bounded, because
//! the boot waits for it. What is cut depends on kinds, names and directories alone, never on the order of files.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use units::{Diagnostic, Place, Severity, UnitName};

use super::{CutSet, Draft, EdgeKind, Graph, UnitIndex};

/// Edges looked at for one shortest path: beyond it, the shortest found so far is good enough.
const SEARCH_LIMIT: usize = 300_000;

/// One edge of a cycle, as it is written: `unit` says `kind` of `other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleEdge {
    /// The unit in whose text it stands.
    pub unit: UnitName,
    /// What it says.
    pub kind: EdgeKind,
    /// The unit that is named.
    pub other: UnitName,
    /// Where.
    pub place: Place,
}

impl CycleEdge {
    /// `a needs b`.
    pub fn words(&self) -> String {
        format!("{} {} {}", self.unit, self.kind, self.other)
    }
}

/// Units that wait for each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The edges along the circle, from the unit whose name is the first; never empty.
    pub edges: Vec<CycleEdge>,
}

impl Cycle {
    /// `cycle of 3 units: a needs b, b is after c, c wants a`.
    pub fn words(&self) -> String {
        let edges: Vec<String> = self.edges.iter().map(CycleEdge::words).collect();
        let plural = if edges.len() == 1 { "" } else { "s" };
        format!("cycle of {} unit{plural}: {}", edges.len(), edges.join(", "))
    }

    /// The same with file and line of every edge.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            place: self.edges[0].place.clone(),
            message: self.words(),
            snippet: None,
            related: self.edges.iter().map(|edge| (edge.place.clone(), edge.words())).collect(),
        }
    }
}

/// A group of units that wait for each other: one cycle of it, and what would undo all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knot {
    /// A shortest cycle.
    pub cycle: Cycle,
    /// How many units wait for each other, on this cycle or on others.
    pub units: usize,
    /// What to leave out.
    pub cut: CutSet,
}

impl Knot {
    /// The cycle with file and line of every edge, then the edges of the cut.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = self.cycle.diagnostic();
        if self.units > self.cycle.edges.len() {
            diagnostic.message += &format!(" (one of several among {} units)", self.units);
        }
        let count = self.cut.edges.len();
        let quality = if self.cut.is_smallest { "the smallest cut" } else { "a small cut: fewer may do" };
        for (edge, number) in self.cut.edges.iter().zip(1..) {
            let which = if count == 1 { String::new() } else { format!("{number} of {count}, ") };
            let words = format!("to leave out: {} ({which}{quality})", edge.words());
            diagnostic.related.push((edge.place.clone(), words));
        }
        diagnostic
    }
}

/// An edge that was left out so that the boot can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// What was left out.
    pub edge: CycleEdge,
    /// The cycle it was part of; `None` where too many cycles run through each other to name one.
    pub cycle: Option<Cycle>,
}

impl Cut {
    /// `cycle of 2 units: a needs b, b is after a; left out: b is after a`, with the places.
    pub fn diagnostic(&self) -> Diagnostic {
        let place = self.edge.place.clone();
        let what = match &self.cycle {
            Some(cycle) => cycle.words(),
            None => "many cycles run through each other".into(),
        };
        let message = format!("{what}; left out: {}", self.edge.words());
        let related = self.cycle.as_ref().map_or_else(Vec::new, |cycle| cycle.diagnostic().related);
        Diagnostic { severity: Severity::Error, place, message, snippet: None, related }
    }
}

impl Draft<'_> {
    /// Every group of units that wait for each other, by name.
    pub fn knots(&self) -> Vec<Knot> {
        let knot = |group: &Vec<UnitIndex>| {
            let cycle = self.shortest_cycle(group)?;
            Some(Knot { cycle, units: group.len(), cut: self.solve(group).cut_set() })
        };
        self.groups().iter().filter_map(knot).collect()
    }

    /// Leaves out what [`Draft::knots`] says is to be left out.
    pub fn cut(mut self) -> (Graph, Vec<Cut>) {
        let (groups, pulls) = (self.groups(), self.pulls());
        let cuts: Vec<Cut> = groups.iter().flat_map(|group| self.cuts(group)).collect();
        cuts.iter().for_each(|cut| self.remove(&cut.edge));
        (self.flatten(pulls), cuts)
    }

    /// What each unit brings in: what it needs, then what it wants.
    fn pulls(&self) -> Vec<Vec<UnitIndex>> {
        let mut pulls = vec![Vec::new(); self.len()];
        for kind in [EdgeKind::Needs, EdgeKind::Wants] {
            for edge in self.graph.raw_edges().iter().filter(|edge| edge.weight.kind == kind) {
                pulls[edge.target().index()].push(edge.source().index());
            }
        }
        pulls
    }

    /// Whether nobody waits for itself: nearly always so, and told sooner than who does.
    fn has_order(&self) -> bool {
        let mut missing = vec![0; self.len()];
        self.graph.raw_edges().iter().for_each(|edge| missing[edge.target().index()] += 1);
        let mut free: Vec<NodeIndex> = self.graph.node_indices().filter(|node| missing[node.index()] == 0).collect();
        let mut next = 0;
        while let Some(&unit) = free.get(next) {
            next += 1;
            for later in self.graph.neighbors(unit) {
                missing[later.index()] -= 1;
                free.extend((missing[later.index()] == 0).then_some(later));
            }
        }
        free.len() == self.len()
    }

    /// Units that wait for each other, each group and the list of them sorted by name.
    fn groups(&self) -> Vec<Vec<UnitIndex>> {
        if self.has_order() {
            return Vec::new();
        }
        let is_cyclic =
            |group: &Vec<NodeIndex>| group.len() > 1 || group.iter().any(|&node| self.graph.contains_edge(node, node));
        let sorted = |group: Vec<NodeIndex>| {
            let mut units: Vec<UnitIndex> = group.into_iter().map(NodeIndex::index).collect();
            units.sort_by_key(|&unit| self.name(unit));
            units
        };
        let mut groups: Vec<_> = kosaraju_scc(&self.graph).into_iter().filter(is_cyclic).map(sorted).collect();
        groups.sort_by_key(|group| self.name(group[0]));
        groups
    }

    /// The edges to leave out of a group, each with a shortest cycle that no other one of them is on.
    fn cuts(&self, group: &[UnitIndex]) -> Vec<Cut> {
        let solved = self.solve(group);
        let mut befores = vec![Vec::new(); group.len()];
        let is_out: HashSet<usize> = solved.out.iter().copied().collect();
        for (_, (first, later, _)) in solved.edges.iter().enumerate().filter(|(edge, _)| !is_out.contains(edge)) {
            befores[*later].push(*first);
        }
        befores.iter_mut().for_each(|firsts| firsts.sort_unstable());
        let mut budget = SEARCH_LIMIT;
        let mut cut = |&(first, later, ref edge): &(usize, usize, CycleEdge)| {
            // Only this edge leads back to where the search begins.
            let others = mem::replace(&mut befores[later], vec![first]);
            let path = (budget > 0).then(|| circle_through(later, &befores, usize::MAX, &mut budget)).flatten();
            befores[later] = others;
            Cut { edge: edge.clone(), cycle: path.and_then(|path| self.cycle(group, &path)) }
        };
        solved.out.iter().map(|&edge| cut(&solved.edges[edge])).collect()
    }

    /// Removes an edge and its weaker parallels.
    fn remove(&mut self, edge: &CycleEdge) {
        let (first, later) = if edge.kind == EdgeKind::Before {
            (self.by_name[&edge.unit], self.by_name[&edge.other])
        } else {
            (self.by_name[&edge.other], self.by_name[&edge.unit])
        };
        while let Some(found) = self.graph.find_edge(NodeIndex::new(first), NodeIndex::new(later)) {
            self.graph.remove_edge(found);
        }
    }

    /// The members of the group that come directly before a unit, by rank, each once.
    pub(super) fn befores(&self, unit: UnitIndex, rank: &HashMap<UnitIndex, usize>) -> Vec<UnitIndex> {
        let incoming = self.graph.neighbors_directed(NodeIndex::new(unit), petgraph::Direction::Incoming);
        let mut units: Vec<UnitIndex> =
            incoming.map(NodeIndex::index).filter(|first| rank.contains_key(first)).collect();
        units.sort_by_key(|first| rank[first]);
        units.dedup();
        units
    }

    /// The shortest circle through the group, by breadth-first search from each member against the edges.
    fn shortest_cycle(&self, group: &[UnitIndex]) -> Option<Cycle> {
        let rank: HashMap<UnitIndex, usize> = group.iter().enumerate().map(|(rank, &unit)| (unit, rank)).collect();
        let befores: Vec<Vec<usize>> =
            group.iter().map(|&unit| self.befores(unit, &rank).iter().map(|first| rank[first]).collect()).collect();
        let mut best: Option<Vec<usize>> = None;
        let mut budget = SEARCH_LIMIT;
        for start in 0..group.len() {
            let limit = best.as_ref().map_or(usize::MAX, Vec::len);
            if limit == 1 || (best.is_some() && budget == 0) {
                break;
            }
            if let Some(path) = circle_through(start, &befores, limit, &mut budget) {
                best = Some(path);
            }
        }
        self.cycle(group, &best?)
    }

    /// A path against the edges, by ranks, as a circle that begins at the first of its names.
    fn cycle(&self, group: &[UnitIndex], path: &[usize]) -> Option<Cycle> {
        let start = (0..path.len()).min_by_key(|&at| path[at])?;
        let ends = path.iter().cycle().skip(start).zip(path.iter().cycle().skip(start + 1)).take(path.len());
        let edges: Option<Vec<CycleEdge>> =
            ends.map(|(&later, &first)| self.edge(group[first], group[later])).collect();
        Some(Cycle { edges: edges? })
    }

    /// The strongest edge between two units, as it is written.
    pub(super) fn edge(&self, first: UnitIndex, later: UnitIndex) -> Option<CycleEdge> {
        let (first, later) = (NodeIndex::new(first), NodeIndex::new(later));
        let parallel = self.graph.edges_connecting(first, later);
        let link = parallel.max_by_key(|edge| (edge.weight().kind, edge.id()))?.weight();
        let (unit, other) = if link.kind == EdgeKind::Before { (first, later) } else { (later, first) };
        Some(CycleEdge {
            unit: self.graph[unit].name.clone(),
            kind: link.kind,
            other: self.graph[other].name.clone(),
            place: link.place.clone(),
        })
    }
}

/// The shortest circle through `start` that is shorter than `limit`, as a path against the edges.
fn circle_through(start: usize, befores: &[Vec<usize>], limit: usize, budget: &mut usize) -> Option<Vec<usize>> {
    let mut reached_from: HashMap<usize, (usize, usize)> = HashMap::new();
    let mut queue = vec![start];
    let mut next = 0;
    while let Some(&unit) = queue.get(next) {
        next += 1;
        let length = reached_from.get(&unit).map_or(1, |&(_, length)| length + 1);
        if length >= limit {
            return None;
        }
        for &first in &befores[unit] {
            *budget = budget.saturating_sub(1);
            if first == start {
                return Some(walk_back(start, unit, &reached_from));
            }
            if let Entry::Vacant(entry) = reached_from.entry(first) {
                entry.insert((unit, length));
                queue.push(first);
            }
        }
    }
    None
}

/// The path from `start` to `end`, as the search went.
fn walk_back(start: usize, end: usize, reached_from: &HashMap<usize, (usize, usize)>) -> Vec<usize> {
    let mut path = vec![end];
    let mut at = end;
    while let Some(&(from, _)) = reached_from.get(&at).filter(|_| at != start) {
        path.push(from);
        at = from;
    }
    path.reverse();
    path
}
