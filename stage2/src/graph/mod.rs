//! The graph of the units that a target brings in, and who comes after whom.
//!
//! A [`Draft`] is what the units say: it may hold cycles, and knows the place of every edge. [`Draft::cut`] leaves
//! out the fewest and weakest edges that undo every cycle and gives a [`Graph`], which never has one: whatever takes a `Graph` needs no guard
//! against waiting in a circle. Edges run from the unit that comes first to the one that comes later. Nothing here
//! recurses: a chain of any length must not overflow the stack.

mod catalogue;
mod clash;
mod cut_set;
mod cycle;
mod draft;
mod edge;
mod feedback;
mod flatten;
mod implied;
mod steps;
mod vertex;

#[cfg(test)]
mod random_tests;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use units::NameMap;

pub use crate::engine::event::UnitIndex;
pub use catalogue::{Catalogue, Entry};
pub use clash::Clash;
pub use cut_set::CutSet;
pub use cycle::{Cut, Cycle, CycleEdge, Knot};
pub use draft::Draft;
pub use edge::{Conflict, EdgeKind, Neighbour};
pub use vertex::{Problem, Vertex};

/// Units and their order, without a cycle. Indices are dense from 0 and stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    vertices: Vec<Vertex>,
    by_name: NameMap<UnitIndex>,
    predecessors: Vec<Vec<Neighbour>>,
    successors: Vec<Vec<Neighbour>>,
    pulls: Vec<Vec<UnitIndex>>,
    conflicts: Vec<Vec<Conflict>>,
    order: Vec<UnitIndex>,
}

impl Graph {
    /// How many units.
    pub fn len(&self) -> usize {
        self.vertices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// The unit's number; a name that was asked for, needed or wanted, and is only provided, means its provider.
    pub fn index(&self, name: &str) -> Option<UnitIndex> {
        self.by_name.get(name).copied()
    }

    /// The unit with this number.
    pub fn vertex(&self, unit: UnitIndex) -> &Vertex {
        &self.vertices[unit]
    }

    /// The name of the unit with this number.
    pub fn name(&self, unit: UnitIndex) -> &str {
        self.vertices[unit].name.as_str()
    }

    /// All units, in the order of their numbers.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// What comes before the unit, each once with its strongest reason.
    pub fn predecessors(&self, unit: UnitIndex) -> &[Neighbour] {
        &self.predecessors[unit]
    }

    /// What comes after the unit, each once with its strongest reason.
    pub fn successors(&self, unit: UnitIndex) -> &[Neighbour] {
        &self.successors[unit]
    }

    /// What the unit brings in by needing or wanting it, even where the order between them was cut.
    pub fn pulls(&self, unit: UnitIndex) -> &[UnitIndex] {
        &self.pulls[unit]
    }

    /// The units of this graph that are never up together with the unit, whichever of the two says so, each once: starting
    /// the unit stops them.
    pub fn conflicts(&self, unit: UnitIndex) -> &[Conflict] {
        &self.conflicts[unit]
    }

    /// Every unit after all its predecessors.
    pub fn order(&self) -> &[UnitIndex] {
        &self.order
    }
}
