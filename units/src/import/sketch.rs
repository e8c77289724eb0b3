//! A unit that is being drawn from a source, and the report that grows beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::report::{Decision, Directive, Import, Imported, Verdict};
use crate::variables::{escaped, is_script};
use crate::yaml::{Yaml, document};
use crate::{Place, UnitName, UnitSet};

/// What stands for `${INSTANCE}` in the texts of a template, until they are written.
pub(super) const INSTANCE: char = '\u{E000}';

/// How strong an edge is; the stronger one stays where two lead to the same unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Order only: the other one waits for this.
    Before,
    /// Order only: this waits for the other one.
    After,
    /// The other one is brought up and waited for.
    Wants,
    /// The other one must be up.
    Needs,
}

impl Strength {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Needs, "needs"), (Self::Wants, "wants"), (Self::After, "after"), (Self::Before, "before")];
}

/// A unit's text in the making.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    pub(super) name: UnitName,
    pub(super) description: String,
    pub(super) kind: &'static str,
    edges: BTreeMap<UnitName, Strength>,
    order: Vec<UnitName>,
    conflicts: Vec<UnitName>,
    provides: Vec<String>,
    conditions: Vec<(&'static str, String)>,
    fields: Vec<(&'static str, Yaml)>,
    comments: Vec<String>,
    pub(super) bundles: Vec<String>,
}

impl Sketch {
    pub(super) fn new(name: UnitName, kind: &'static str) -> Self {
        Self {
            name,
            description: String::new(),
            kind,
            edges: BTreeMap::new(),
            order: Vec::new(),
            conflicts: Vec::new(),
            provides: Vec::new(),
            conditions: Vec::new(),
            fields: Vec::new(),
            comments: Vec::new(),
            bundles: Vec::new(),
        }
    }

    /// Draws an edge, unless one that says more is there; never one to the unit itself.
    pub(super) fn edge(&mut self, strength: Strength, name: &str) {
        let Ok(unit) = UnitName::new(name) else { return };
        if unit == self.name {
            return;
        }
        match self.edges.get_mut(&unit) {
            Some(old) => *old = strength.max(*old),
            None => {
                self.order.push(unit.clone());
                self.edges.insert(unit, strength);
            }
        }
    }

    /// Says that both are never up together; never of the unit itself.
    pub(super) fn conflict(&mut self, name: &str) {
        let unit = UnitName::new(name).ok().filter(|unit| *unit != self.name && !self.conflicts.contains(unit));
        self.conflicts.extend(unit);
    }

    /// A further name of the unit.
    pub(super) fn provide(&mut self, name: &str) {
        if !self.provides.iter().any(|other| other == name) {
            self.provides.push(name.into());
        }
    }

    /// What this waits for.
    pub(super) fn predecessors(&self) -> impl Iterator<Item = &UnitName> {
        self.order.iter().filter(|name| self.edges.get(*name) != Some(&Strength::Before))
    }

    /// What waits for this.
    pub(super) fn successors(&self) -> impl Iterator<Item = &UnitName> {
        self.order.iter().filter(|name| self.edges.get(*name) == Some(&Strength::Before))
    }

    /// A condition of `if`; a value that begins with ! negates it.
    pub(super) fn condition(&mut self, key: &'static str, value: impl Into<String>) {
        let condition = (key, value.into());
        if !self.conditions.contains(&condition) {
            self.conditions.push(condition);
        }
    }

    /// Sets a key; the last one wins.
    pub(super) fn set(&mut self, key: &'static str, value: Yaml) {
        match self.fields.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key, value)),
        }
    }

    /// Whether a key was set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(other, _)| *other == key)
    }

    /// Sets a key to a text.
    pub(super) fn set_text(&mut self, key: &'static str, value: impl Into<String>) {
        self.set(key, Yaml::text(value));
    }

    /// A line above the unit.
    pub(super) fn comment(&mut self, line: impl Into<String>) {
        self.comments.push(one_line(&line.into()));
    }

    /// Advises that the unit be in a bundle.
    pub(super) fn bundle(&mut self, name: &str) {
        if !self.bundles.iter().any(|other| other == name) {
            self.bundles.push(name.into());
        }
    }

    fn text(&self) -> String {
        let mut entries: Vec<(&str, Yaml)> = Vec::new();
        let description = one_line(&self.description);
        if !description.is_empty() {
            entries.push(("description", Yaml::Text(description)));
        }
        entries.push(("kind", Yaml::text(self.kind)));
        for (strength, key) in Strength::ALL {
            let names: Vec<&str> = self
                .order
                .iter()
                .filter(|name| self.edges.get(*name) == Some(&strength))
                .map(UnitName::as_str)
                .collect();
            if !names.is_empty() {
                entries.push((key, Yaml::texts(names)));
            }
        }
        if !self.conflicts.is_empty() {
            entries.push(("conflicts", Yaml::texts(self.conflicts.iter().map(UnitName::as_str))));
        }
        if !self.provides.is_empty() {
            entries.push(("provides", Yaml::texts(&self.provides)));
        }
        entries.extend(self.condition_map().map(|map| ("if", map)));
        entries.extend(self.fields.iter().cloned());
        let comments: String = self.comments.iter().map(|line| format!("# {line}\n")).collect();
        let entries: Vec<(&str, Yaml)> = entries.into_iter().map(with_instance).collect();
        comments.replace(INSTANCE, "INSTANCE") + &document(&entries)
    }

    fn condition_map(&self) -> Option<Yaml> {
        let mut map: Vec<(String, Yaml)> = Vec::new();
        for (key, value) in &self.conditions {
            let value = Yaml::text(value);
            match map.iter_mut().find(|(other, _)| other == key) {
                None => map.push(((*key).into(), value)),
                // The language has one `container`; a second one contradicts the first, and the first stays.
                Some(_) if *key == "container" => {}
                Some((_, Yaml::List(items))) => items.push(value),
                Some((_, first)) => *first = Yaml::List(vec![first.clone(), value]),
            }
        }
        (!map.is_empty()).then_some(Yaml::Map(map))
    }
}

/// A key with what would be read as a variable escaped, and the instance written as one. In a script it always stands
/// between the quotes that [`super::shell::quote`] puts around whatever is not plain.
fn with_instance((key, value): (&str, Yaml)) -> (&str, Yaml) {
    let value = match value {
        Yaml::Text(text) if is_script(key) => Yaml::Text(text.replace(INSTANCE, "'\"${INSTANCE}\"'")),
        value => value.map_texts(&|text| escaped(text).replace(INSTANCE, "${INSTANCE}")),
    };
    (key, value)
}

/// A text without line ends and other control characters.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The report of one source, in the making.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) source: PathBuf,
    file: Arc<std::path::Path>,
    directives: Vec<Directive>,
    decisions: Vec<Decision>,
}

impl Report {
    pub(super) fn new(source: impl Into<PathBuf>) -> Self {
        let source = source.into();
        Self { file: source.as_path().into(), source, directives: Vec::new(), decisions: Vec::new() }
    }

    /// A line of the source; 0: the source as a whole.
    pub(super) fn place(&self, line: usize) -> Place {
        Place { file: self.file.clone(), line: u32::try_from(line).unwrap_or(u32::MAX), column: 0 }
    }

    /// Notes what became of a directive.
    pub(super) fn tell(&mut self, name: &str, place: Place, verdict: Verdict) {
        for decision in verdict.decisions {
            self.decide(place.clone(), decision);
        }
        let reason = one_line(&verdict.reason).replace(INSTANCE, "${INSTANCE}");
        self.directives.push(Directive { name: one_line(name), place, fate: verdict.fate, reason });
    }

    /// Notes what somebody must decide.
    pub(super) fn decide(&mut self, place: Place, text: impl Into<String>) {
        let text = one_line(&text.into()).replace(INSTANCE, "${INSTANCE}");
        let decision = Decision { place, text };
        if !self.decisions.contains(&decision) {
            self.decisions.push(decision);
        }
    }

    /// Writes the units, and reads each with our own parser: what that finds wrong somebody must decide.
    pub(super) fn finish(mut self, sketches: Vec<Sketch>) -> Import {
        let units = sketches.into_iter().map(|sketch| self.write(sketch)).collect();
        self.directives.sort_by(|one, other| one.place.cmp(&other.place));
        Import { source: self.source, units, directives: self.directives, decisions: self.decisions }
    }

    fn write(&mut self, sketch: Sketch) -> Imported {
        let text = sketch.text();
        // A template is sound if an instance is.
        let name = if sketch.name.is_template() { format!("{}x", sketch.name) } else { sketch.name.to_string() };
        let (file, readable) = (format!("{name}.yaml"), text.replace("${INSTANCE}", "x"));
        let set = UnitSet::from_texts(&[(&file, &readable)]);
        for diagnostic in set.diagnostics().iter().filter(|diagnostic| diagnostic.is_error()) {
            let place = self.place(0);
            self.decide(place, format!("mend what was made of it: {}", diagnostic.summary()));
        }
        let unit = set.get(&name).cloned();
        Imported { name: sketch.name, text, unit, bundles: sketch.bundles }
    }
}
