//! What is wrong between units. Broken ones are looked at as far as they can be told, so that all errors come at once.

use std::sync::Arc;

use super::UnitSet;
use crate::import::systemd;
use crate::text::{in_brackets, quoted};
use crate::{Diagnostic, Edge, Severity, Unit, UnitName};

impl UnitSet {
    /// Checks what needs several units: edges must lead to units, and no two may claim one name or address. Cycles are
    /// the graph's.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self.legible().flat_map(|unit| self.check_edges(unit)).collect();
        diagnostics.extend(self.check_claims());
        diagnostics.sort_by(|one, other| one.place.cmp(&other.place));
        diagnostics
    }

    fn check_edges(&self, unit: &Unit) -> Vec<Diagnostic> {
        let kinds = [
            (Severity::Error, &unit.needs),
            (Severity::Warning, &unit.wants),
            (Severity::Warning, &unit.after),
            (Severity::Warning, &unit.before),
            (Severity::Warning, &unit.conflicts),
        ];
        let edges = kinds.iter().flat_map(|(severity, edges)| edges.iter().map(move |edge| (*severity, edge)));
        edges
            .filter(|(_, edge)| edge.unit.is_template() || !self.is_to_be_had(&edge.unit))
            .filter(|(_, edge)| !self.is_provided(&edge.unit))
            .map(|(severity, edge)| self.unknown(severity, edge))
            .collect()
    }

    fn unknown(&self, severity: Severity, edge: &Edge) -> Diagnostic {
        let name = edge.unit.as_str();
        let hint = Some(self.did_you_mean(name)).filter(|hint| !hint.is_empty());
        let why = || in_brackets(systemd::ours(name).err());
        let message = format!("there is no unit {}{}", quoted(name), hint.unwrap_or_else(why));
        let mut diagnostic = Diagnostic::new(severity, edge.place.clone(), message);
        diagnostic.snippet = self.snippet(&edge.place);
        diagnostic
    }

    /// Whether a unit provides the name, usable or not.
    fn is_provided(&self, name: &UnitName) -> bool {
        let provides = |unit: &Arc<Unit>| unit.provides.iter().any(|(provided, _)| provided == name);
        self.providers.contains_key(name) || self.remains.values().any(provides)
    }
}
