//! A draft without cycles → the flat form that the engine works on.

use std::collections::HashMap;

use petgraph::visit::EdgeRef;

use super::{Conflict, Draft, EdgeKind, Graph, Neighbour, UnitIndex, Vertex};

impl Draft<'_> {
    /// The flat form, once no cycle is left; `pulls`: what each unit brings in.
    pub(super) fn flatten(self, pulls: Vec<Vec<UnitIndex>>) -> Graph {
        let count = self.graph.node_count();
        let mut graph = Graph {
            by_name: self.by_name,
            pulls,
            predecessors: vec![Vec::new(); count],
            successors: vec![Vec::new(); count],
            conflicts: vec![Vec::new(); count],
            ..Graph::default()
        };
        for (name, unit) in self.chosen {
            graph.by_name.entry(name).or_insert(unit);
        }
        let mut strongest: HashMap<(UnitIndex, UnitIndex), EdgeKind> = HashMap::new();
        for edge in self.graph.edge_references() {
            let ends = (edge.source().index(), edge.target().index());
            let kind = strongest.entry(ends).or_insert(edge.weight().kind);
            *kind = (*kind).max(edge.weight().kind);
        }
        let mut edges: Vec<_> = strongest.into_iter().collect();
        edges.sort_unstable();
        for ((first, later), kind) in edges {
            graph.successors[first].push(Neighbour { unit: later, kind });
            graph.predecessors[later].push(Neighbour { unit: first, kind });
        }
        for (one, other, place) in self.conflicts {
            graph.conflicts[one].push(Conflict { unit: other, place: place.clone() });
            graph.conflicts[other].push(Conflict { unit: one, place: place.clone() });
        }
        for conflicts in &mut graph.conflicts {
            conflicts.sort_unstable_by(|one, other| (one.unit, &one.place).cmp(&(other.unit, &other.place)));
            conflicts.dedup_by_key(|conflict| conflict.unit);
        }
        let members = self.graph.into_nodes_edges().0.into_iter().map(|node| node.weight);
        let vertex = |member: super::draft::Member<'_>| Vertex {
            name: member.name,
            unit: member.unit.cloned(),
            problem: member.problem,
        };
        graph.vertices = members.map(vertex).collect();
        graph.order = order(&graph);
        graph
    }
}

/// Every unit after all its predecessors: those without one first, by number.
fn order(graph: &Graph) -> Vec<UnitIndex> {
    let mut missing: Vec<usize> = graph.predecessors.iter().map(Vec::len).collect();
    let mut order: Vec<UnitIndex> = (0..graph.len()).filter(|&unit| missing[unit] == 0).collect();
    let mut next = 0;
    while let Some(&unit) = order.get(next) {
        next += 1;
        for later in &graph.successors[unit] {
            super::steps::count(1);
            missing[later.unit] -= 1;
            if missing[later.unit] == 0 {
                order.push(later.unit);
            }
        }
    }
    order
}
