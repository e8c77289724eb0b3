//! Needs that other needs already imply.
//!
//! Only chains of needs imply anything: what is wanted may have failed when the unit begins, and what is only ordered
//! may not be there at all. A unit with conditions ends a chain, because skipped it needs nothing.

use std::collections::{HashMap, HashSet};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use units::{Diagnostic, Edge, Place, Severity, Unit, UnitName};

use super::{Draft, EdgeKind, UnitIndex};

/// Units looked at for one unit, and for all of them by their number: a tangle is not worth more.
const MOST_FOR_ONE: usize = 10_000;
const MOST_PER_UNIT: usize = 64;

impl Draft<'_> {
    /// A warning for every edge that says nothing that the needs do not say, in the order of the units' numbers.
    pub fn implied(&self) -> Vec<Diagnostic> {
        let mut budget = self.len().saturating_mul(MOST_PER_UNIT);
        let mut found = Vec::new();
        for number in 0..self.len() {
            let Some(unit) = self.unit(number) else { continue };
            let weaker = [(EdgeKind::Wants, &unit.wants), (EdgeKind::After, &unit.after)];
            let doubled = weaker.iter().flat_map(|(kind, edges)| edges.iter().map(move |edge| (*kind, edge)));
            found.extend(doubled.filter_map(|(kind, edge)| doubled_edge(unit, kind, edge)));
            if unit.needs.len() > 1 {
                found.extend(self.implied_needs(number, unit, &mut budget));
            }
        }
        found
    }

    fn implied_needs(&self, number: UnitIndex, unit: &Unit, budget: &mut usize) -> Vec<Diagnostic> {
        let needed: HashSet<UnitIndex> = self.needs(number).collect();
        let from = self.reached(&needed, budget);
        let implied = unit.needs.iter().filter_map(|edge| {
            let target = self.by_name.get(&edge.unit).or_else(|| self.chosen.get(&edge.unit))?;
            let chain = self.chain(*target, &needed, &from)?;
            let message = format!("{} needs {} is implied already", unit.name, edge.unit);
            Some(Diagnostic { related: chain, ..Diagnostic::new(Severity::Warning, edge.place.clone(), message) })
        });
        implied.collect()
    }

    /// What a unit needs, each once.
    fn needs(&self, unit: UnitIndex) -> impl Iterator<Item = UnitIndex> {
        let incoming = self.graph.edges_directed(NodeIndex::new(unit), Direction::Incoming);
        incoming.filter(|edge| edge.weight().kind == EdgeKind::Needs).map(|edge| edge.source().index())
    }

    /// Everything that these units need in turn, each with one that needs it.
    fn reached(&self, units: &HashSet<UnitIndex>, budget: &mut usize) -> HashMap<UnitIndex, UnitIndex> {
        let mut from = HashMap::new();
        let mut stack: Vec<UnitIndex> = units.iter().copied().collect();
        stack.sort_unstable();
        let mut left = MOST_FOR_ONE.min(*budget);
        while let Some(unit) = stack.pop() {
            if !self.unit(unit).is_some_and(|text| text.conditions.is_empty()) {
                continue;
            }
            for other in self.needs(unit) {
                super::steps::count(1);
                let Some(less) = left.checked_sub(1) else { return from };
                left = less;
                *budget = budget.saturating_sub(1);
                if !from.contains_key(&other) && other != unit {
                    from.insert(other, unit);
                    stack.push(other);
                }
            }
        }
        from
    }

    /// How a needed unit is reached from another needed one: `keys needs local`, with their places.
    fn chain(
        &self,
        target: UnitIndex,
        needed: &HashSet<UnitIndex>,
        from: &HashMap<UnitIndex, UnitIndex>,
    ) -> Option<Vec<(Place, String)>> {
        let mut chain = Vec::new();
        let mut at = target;
        while let Some(&by) = from.get(&at) {
            let edge = self.edge(at, by)?;
            chain.push((edge.place.clone(), edge.words()));
            if needed.contains(&by) && by != target {
                chain.reverse();
                return Some(chain);
            }
            if chain.len() > self.len() {
                break;
            }
            at = by;
        }
        None
    }
}

/// A weaker edge to what is needed anyway.
fn doubled_edge(unit: &Unit, kind: EdgeKind, edge: &Edge) -> Option<Diagnostic> {
    let is_named = |name: &UnitName| *name == edge.unit;
    let needed = unit.needs.iter().find(|needed| is_named(&needed.unit))?;
    let message = format!("{} {kind} {} is implied already", unit.name, edge.unit);
    let mut diagnostic = Diagnostic::new(Severity::Warning, edge.place.clone(), message);
    diagnostic.related.push((needed.place.clone(), format!("{} needs {}", unit.name, edge.unit)));
    Some(diagnostic)
}
