//! `needs`, `wants`, `after`, `before` and `conflicts`: each by itself, and what one unit cannot say of another together.

use std::collections::{HashMap, HashSet};

use super::Checker;
use crate::import::lsb;
use crate::text::{quoted, suggestion};
use crate::tree::FEW;
use crate::{Edge, Place, Severity, UnitName};

/// The edges of a unit.
#[derive(Default)]
pub(super) struct Edges {
    pub(super) needs: Vec<Edge>,
    pub(super) wants: Vec<Edge>,
    pub(super) after: Vec<Edge>,
    pub(super) before: Vec<Edge>,
    pub(super) conflicts: Vec<Edge>,
}

impl Checker<'_> {
    pub(super) fn all_edges(&mut self, own: Option<&UnitName>) -> Edges {
        let edges = Edges {
            needs: self.edges("needs", own),
            wants: self.edges("wants", own),
            after: self.edges("after", own),
            before: self.edges("before", own),
            conflicts: self.edges("conflicts", own),
        };
        self.contradictions(Severity::Error, "needs", &edges.needs, &edges.conflicts);
        self.contradictions(Severity::Warning, "wants", &edges.wants, &edges.conflicts);
        edges
    }

    /// What is brought up by a unit that is never up together with it. Whoever needs it can never be up; who wants it
    /// can, without it.
    fn contradictions(&mut self, severity: Severity, key: &str, pulled: &[Edge], conflicts: &[Edge]) {
        if pulled.is_empty() || conflicts.is_empty() {
            return;
        }
        let places: HashMap<&UnitName, &Place> = pulled.iter().map(|edge| (&edge.unit, &edge.place)).collect();
        for edge in conflicts {
            let Some(&place) = places.get(&edge.unit) else { continue };
            let unit = quoted(edge.unit.as_str());
            let message = format!("{unit} is in \"conflicts\" and in \"{key}\": they are never up together");
            self.say_with(severity, &edge.place, message, vec![(place.clone(), format!("in \"{key}\""))]);
        }
    }

    pub(super) fn edges(&mut self, key: &str, own: Option<&UnitName>) -> Vec<Edge> {
        let items = self.field(key).map_or(&[][..], |node| self.list(key, node));
        let mut edges: Vec<Edge> = Vec::with_capacity(items.len());
        let mut seen = HashSet::new();
        for node in items {
            let Some(text) = self.text(key, node) else { continue };
            match UnitName::new(text) {
                Err(message) => {
                    let hint = suggestion(lsb::ours(text));
                    self.error(&node.place, message + &hint);
                }
                Ok(unit) if Some(&unit) == own => {
                    self.error(&node.place, format!("{} has itself in \"{key}\"", quoted(text)))
                }
                Ok(unit) if is_among(&edges, &unit, &mut seen) => {
                    self.warning(&node.place, format!("{} is in \"{key}\" twice", quoted(text)));
                }
                Ok(unit) => edges.push(Edge { unit, place: node.place.clone() }),
            }
        }
        edges
    }
}

/// Whether a unit is named by one of these edges. `seen` has been empty before the first of them.
fn is_among(edges: &[Edge], unit: &UnitName, seen: &mut HashSet<UnitName>) -> bool {
    if edges.len() <= FEW {
        return edges.iter().any(|edge| edge.unit == *unit);
    }
    seen.extend(edges[seen.len()..].iter().map(|edge| edge.unit.clone()));
    seen.contains(unit)
}
