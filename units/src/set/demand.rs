//! Units that are there only once somebody names them: instances of templates, and init scripts.
//!
//! A unit file of the name always wins. What is only ordered against is not brought into being.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::UnitSet;
use crate::init_scripts::at_whole;
use crate::text::quoted;
use crate::tree::{Document, Node, Value};
use crate::variables::escaped;
use crate::yaml::{Yaml, document};
use crate::{Diagnostic, Edge, Place, Severity, Unit, UnitName};

/// So many units may come into being by being named: templates that need one another never end.
const MOST: usize = 10_000;

impl UnitSet {
    /// Whether there is a unit of this name, which comes into being if it is an instance of a template or an init
    /// script; so does what it needs and wants.
    pub fn provide(&mut self, name: &UnitName) -> bool {
        if !self.is_defined(name.as_str()) {
            self.provide_all(vec![name.clone()]);
        }
        self.is_defined(name.as_str())
    }

    /// Whether [`UnitSet::provide`] would find the unit.
    pub(super) fn is_to_be_had(&self, name: &UnitName) -> bool {
        let is_instance = || name.template().is_some_and(|(template, _)| self.is_defined(template.as_str()));
        self.is_defined(name.as_str()) || is_instance() || self.scripts.get(name).is_some()
    }

    /// Provides what all units need and want.
    pub(super) fn provide_what_is_named(&mut self) {
        let may_be_provided = |name: &UnitName| self.scripts.are_there() || name.as_str().contains('@');
        let names = self.units.values().flat_map(pulled).map(|edge| &edge.unit);
        let missing = names.filter(|name| may_be_provided(name) && !self.is_defined(name.as_str()));
        let missing: BTreeSet<UnitName> = missing.cloned().collect();
        let missing = missing.into_iter().collect();
        self.provide_all(missing);
    }

    fn provide_all(&mut self, mut wanted: Vec<UnitName>) {
        while let Some(name) = wanted.pop() {
            if self.is_defined(name.as_str()) {
                continue;
            }
            if self.provided >= MOST {
                let shown = quoted(name.as_str());
                let message =
                    format!("{shown} is one too many: {MOST} units are there already only because they are named");
                let template = name.template().and_then(|(template, _)| self.definitions.get(&template));
                let place = template
                    .map(|template| template.place.clone())
                    .unwrap_or_else(|| Place::whole(Path::new(name.as_str())));
                let error = Diagnostic::new(Severity::Error, place, message);
                self.diagnostics.push(error.clone());
                return self.add_broken(&name, &error);
            }
            self.provided += 1;
            if self.provide_instance(&name) || self.provide_script(&name) {
                wanted.extend(self.units.get(&name).into_iter().flat_map(pulled).map(|edge| edge.unit.clone()));
            }
        }
    }

    fn provide_instance(&mut self, name: &UnitName) -> bool {
        let Some((template, _)) = name.template() else { return false };
        if let Some(errors) = self.broken.get(&template).cloned() {
            errors.iter().for_each(|error| self.add_broken(name, error));
            return true;
        }
        let Some(mut document) = self.templates.get(&template).cloned() else { return false };
        if let Some(Node { value: Value::Map(entries), .. }) = &mut document.root {
            entries.retain(|entry| entry.key != "name");
        }
        self.add_document(*document, name);
        true
    }

    fn provide_script(&mut self, name: &UnitName) -> bool {
        let Some(document) = self.scripts.get(name) else { return false };
        self.add_document(document, name);
        true
    }

    fn add_document(&mut self, document: Document<'_>, name: &UnitName) {
        let mut checked = self.preparation.check(None, document, Ok(name));
        let bare = checked.diagnostics.iter_mut().filter(|one| one.snippet.is_none());
        bare.for_each(|one| one.snippet = self.snippet(&one.place));
        let earlier = self.diagnostics.len();
        let new = self.define(checked, &BTreeSet::new());
        self.units.extend(new);
        // What is wrong with every instance of a template is told once.
        let mut new = self.diagnostics.split_off(earlier);
        new.retain(|one| !self.diagnostics.contains(one));
        self.diagnostics.append(&mut new);
    }

    /// Adds a service directory of another supervision suite as the unit `name`.
    pub(crate) fn add_service_directory(&mut self, directory: &Path, name: &UnitName) {
        let path = escaped(&directory.to_string_lossy());
        let text = document(&[("kind", Yaml::text("longrun")), ("servicedir", Yaml::text(path))]);
        if let Some(document) = at_whole(directory, text) {
            self.add_document(document, name);
        }
    }

    /// Makes the scripts of a directory units that are to be had.
    pub(crate) fn add_scripts(&mut self, directory: &Path) {
        self.scripts.add(directory);
    }
}

/// The edges that bring units up.
fn pulled(unit: &Arc<Unit>) -> impl Iterator<Item = &Edge> {
    unit.needs.iter().chain(&unit.wants)
}
