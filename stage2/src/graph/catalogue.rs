//! Where a graph finds its units.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use units::{Diagnostic, Unit, UnitName, UnitSet};

/// What is known of a name.
#[derive(Clone, Debug)]
pub enum Entry<'a> {
    /// A unit.
    Unit(&'a Arc<Unit>),
    /// A unit with errors: the first of them, with its place, in one line.
    Broken(String),
    /// Nothing.
    Absent,
}

/// Anything that finds units by name: a [`units::UnitSet`], or a map of units in tests.
pub trait Catalogue {
    /// What is known of this name.
    fn find(&self, name: &str) -> Entry<'_>;

    /// The units that provide a name which is no unit's own, by name.
    fn providers(&self, name: &str) -> Vec<UnitName>;

    /// The directory of the operator's own units; `None`: all are alike.
    fn own(&self) -> Option<&Path> {
        None
    }
}

impl Catalogue for BTreeMap<UnitName, Arc<Unit>> {
    fn find(&self, name: &str) -> Entry<'_> {
        self.get(name).map_or(Entry::Absent, Entry::Unit)
    }

    fn providers(&self, name: &str) -> Vec<UnitName> {
        let provides = |unit: &&Arc<Unit>| unit.provides.iter().any(|(provided, _)| provided.as_str() == name);
        self.values().filter(provides).map(|unit| unit.name.clone()).collect()
    }
}

impl Catalogue for UnitSet {
    fn find(&self, name: &str) -> Entry<'_> {
        if let Some(unit) = self.get(name) {
            return Entry::Unit(unit);
        }
        let Some(errors) = self.broken().get(name) else { return Entry::Absent };
        Entry::Broken(errors.first().map_or_else(|| "its file has errors".into(), Diagnostic::summary))
    }

    fn providers(&self, name: &str) -> Vec<UnitName> {
        self.providers(name).to_vec()
    }

    fn own(&self) -> Option<&Path> {
        self.directories().first().map(PathBuf::as_path)
    }
}
