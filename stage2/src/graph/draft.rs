//! What the units say: the closure of a target, cycles and all.

use std::collections::HashMap;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use units::{Diagnostic, Edge, Place, Severity, Unit, UnitName};

use super::edge::Link;
use super::{Catalogue, EdgeKind, Entry, Graph, Neighbour, Problem, UnitIndex, Vertex};

/// A graph that may have cycles. A vertex's petgraph index is its unit's number.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) graph: DiGraph<Vertex, Link>,
    pub(super) by_name: HashMap<UnitName, UnitIndex>,
    pulls: Vec<Vec<UnitIndex>>,
    complaints: Vec<Diagnostic>,
}

impl Draft {
    /// The roots and everything that they need or want, in turn. `after` and `before` count between units that are in.
    ///
    /// A root or a needed name with errors is a vertex that fails at once, as is a root that does not exist; a unit
    /// that needs what does not exist fails itself. A wanted name that does not exist is only a complaint.
    pub fn new<C: Catalogue + ?Sized>(units: &C, roots: &[UnitName]) -> Self {
        let mut draft = Self::default();
        for root in roots {
            if !draft.admit(units, root) {
                draft.insert(Vertex { name: root.clone(), unit: None, problem: Some(Problem::Absent) });
            }
        }
        let mut next = 0;
        while next < draft.graph.node_count() {
            draft.pull_in(units, next);
            next += 1;
        }
        (0..next).for_each(|unit| draft.connect(unit));
        draft
    }

    /// How many units.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names that are needed or wanted and do not exist, each with the place where it stands.
    pub fn complaints(&self) -> &[Diagnostic] {
        &self.complaints
    }

    /// The name of a unit.
    pub fn name(&self, unit: UnitIndex) -> &UnitName {
        &self.graph[NodeIndex::new(unit)].name
    }

    /// Makes a vertex of the name, if it is known at all.
    fn admit<C: Catalogue + ?Sized>(&mut self, units: &C, name: &UnitName) -> bool {
        if self.by_name.contains_key(name) {
            return true;
        }
        let (unit, problem) = match units.find(name.as_str()) {
            Entry::Unit(unit) => (Some(unit.clone()), None),
            Entry::Broken(error) => (None, Some(Problem::Broken(error))),
            Entry::Absent => return false,
        };
        self.insert(Vertex { name: name.clone(), unit, problem });
        true
    }

    fn insert(&mut self, vertex: Vertex) {
        let name = vertex.name.clone();
        let node = self.graph.add_node(vertex);
        self.by_name.insert(name, node.index());
    }

    /// Brings in what one unit needs and wants.
    fn pull_in<C: Catalogue + ?Sized>(&mut self, units: &C, unit: UnitIndex) {
        let Some(text) = self.graph[NodeIndex::new(unit)].unit.clone() else { return };
        for edge in &text.wants {
            if !self.admit(units, &edge.unit) {
                self.complain(&text, edge, EdgeKind::Wants);
            }
        }
        for edge in &text.needs {
            if !self.admit(units, &edge.unit) {
                self.complain(&text, edge, EdgeKind::Needs);
                let problem = &mut self.graph[NodeIndex::new(unit)].problem;
                problem.get_or_insert_with(|| Problem::NeedsAbsent(edge.unit.clone()));
            }
        }
    }

    fn complain(&mut self, unit: &Unit, edge: &Edge, kind: EdgeKind) {
        let severity = if kind == EdgeKind::Needs { Severity::Error } else { Severity::Warning };
        self.complaints.push(Diagnostic {
            severity,
            place: edge.place.clone(),
            message: format!("{} {kind} {}, which does not exist", unit.name, edge.unit),
            snippet: None,
            related: Vec::new(),
        });
    }

    /// Adds the edges that one unit's text has to units that are in. To be called for each unit in turn.
    fn connect(&mut self, unit: UnitIndex) {
        let Some(text) = &self.graph[NodeIndex::new(unit)].unit else { return self.pulls.push(Vec::new()) };
        let lists = [
            (EdgeKind::Needs, &text.needs),
            (EdgeKind::Wants, &text.wants),
            (EdgeKind::After, &text.after),
            (EdgeKind::Before, &text.before),
        ];
        let edges: Vec<(UnitIndex, EdgeKind, Place)> = lists
            .iter()
            .flat_map(|(kind, list)| list.iter().map(move |edge| (kind, edge)))
            .filter_map(|(kind, edge)| Some((*self.by_name.get(&edge.unit)?, *kind, edge.place.clone())))
            .collect();
        let is_pull = |kind: EdgeKind| kind.strength() > 0;
        self.pulls.push(edges.iter().filter(|edge| is_pull(edge.1)).map(|edge| edge.0).collect());
        for (other, kind, place) in edges {
            let (first, later) = if kind == EdgeKind::Before { (unit, other) } else { (other, unit) };
            self.graph.add_edge(NodeIndex::new(first), NodeIndex::new(later), Link { kind, place });
        }
    }

    /// The flat form, once no cycle is left.
    pub(super) fn flatten(self) -> Graph {
        let count = self.graph.node_count();
        let mut graph = Graph {
            by_name: self.by_name,
            pulls: self.pulls,
            predecessors: vec![Vec::new(); count],
            successors: vec![Vec::new(); count],
            ..Graph::default()
        };
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
        graph.vertices = self.graph.into_nodes_edges().0.into_iter().map(|node| node.weight).collect();
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
            missing[later.unit] -= 1;
            if missing[later.unit] == 0 {
                order.push(later.unit);
            }
        }
    }
    order
}
