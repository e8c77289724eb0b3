//! Drop-ins: `NAME.yaml.d/*.yaml` in a unit directory, merged over the unit NAME before it is checked.
//!
//! Every value keeps its own place, so that what is wrong is told where it was written. A drop-in that cannot be read
//! costs its unit, as a broken unit file does, because without it the unit is not what the administrator wrote.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::language::is_collected;
use crate::reading::read_names;
use crate::source::{Source, cause};
use crate::text::quoted;
use crate::tree::{Document, Entry as Field, Node, Tear, Value, parse};
use crate::{Diagnostic, Place, Severity, UnitName};

/// The end of the name of a directory of drop-ins.
pub const SUFFIX: &str = ".yaml.d";

/// Drop-ins by unit, then by file name.
#[derive(Clone, Debug, Default)]
pub(crate) struct DropIns {
    by_unit: BTreeMap<UnitName, BTreeMap<String, DropIn>>,
    sources: HashMap<Arc<Path>, Source>,
}

/// One file.
#[derive(Clone, Debug)]
struct DropIn {
    path: PathBuf,
    documents: Vec<Document<'static>>,
}

impl DropIns {
    /// Reads the drop-ins of a directory `NAME.yaml.d`.
    pub(crate) fn read(&mut self, directory: &Path) -> Result<(), Diagnostic> {
        let names = read_names(directory).map_err(|error| {
            let message = format!("unable to read the drop-ins: {}", cause(&error));
            self::error(&Place::whole(directory), message)
        })?;
        for path in names.iter().filter(|name| name.ends_with(".yaml")).map(|name| directory.join(name)) {
            self.add(&path, Source::read(&path));
        }
        Ok(())
    }

    /// The text of a drop-in.
    pub(crate) fn source(&self, file: &Path) -> Option<&Source> {
        self.sources.get(file)
    }

    /// Adds a file for the unit that its directory names, unless there is one of the same name already.
    pub(crate) fn add(&mut self, path: &Path, file: Result<Source, Diagnostic>) {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let directory = path.parent().map(name).unwrap_or_default();
        let Ok(unit) = UnitName::new(directory.strip_suffix(SUFFIX).unwrap_or(&directory)) else { return };
        let Entry::Vacant(slot) = self.by_unit.entry(unit).or_default().entry(name(path)) else { return };
        let documents = match file {
            Err(error) => vec![Document { root: None, tear: Some(Tear::default()), errors: vec![error] }],
            Ok(source) => {
                let documents = parse(&source).into_iter().map(Document::into_owned).collect();
                self.sources.insert(source.file.clone(), source);
                documents
            }
        };
        slot.insert(DropIn { path: path.into(), documents });
    }

    /// Whether there are any of a unit.
    pub(crate) fn are_there(&self, unit: &UnitName) -> bool {
        self.by_unit.contains_key(unit)
    }

    /// Merges the drop-ins of a unit over it, in the order of their files' names.
    pub(crate) fn apply(&self, unit: &UnitName, document: &mut Document<'_>) {
        for drop_in in self.by_unit.get(unit).into_iter().flatten().flat_map(|(_, drop_in)| &drop_in.documents) {
            document.errors.extend_from_slice(&drop_in.errors);
            if let Some(tear) = &drop_in.tear {
                document.tear.get_or_insert_default().keys.extend_from_slice(&tear.keys);
            }
            match &drop_in.root {
                Some(Node { value: Value::Map(entries), .. }) => overlay(document, entries),
                Some(Node { value: Value::Nothing, .. }) | None => {}
                Some(node) => document.errors.push(error(&node.place, "a drop-in is a map of keys and values".into())),
            }
        }
    }

    /// Drop-ins of units that are not there, one warning each.
    pub(crate) fn orphans(
        &self,
        is_there: impl Fn(&UnitName) -> bool,
        hint: impl Fn(&str) -> String,
    ) -> Vec<Diagnostic> {
        let orphans = self.by_unit.iter().filter(|(unit, _)| !is_there(unit));
        let places = orphans.filter_map(|(unit, files)| Some((unit, files.first_key_value()?.1.path.parent()?)));
        let warn = |(unit, directory): (&UnitName, &Path)| {
            let message = format!("there is no unit {}{}", quoted(unit.as_str()), hint(unit.as_str()));
            Diagnostic::new(Severity::Warning, Place::whole(directory), message)
        };
        places.map(warn).collect()
    }
}

fn error(place: &Place, message: String) -> Diagnostic {
    Diagnostic::new(Severity::Error, place.clone(), message)
}

fn overlay(document: &mut Document<'_>, entries: &[Field<'static>]) {
    let Some(Node { value: Value::Map(base), .. }) = &mut document.root else { return };
    for entry in entries {
        if entry.key == "name" {
            document.errors.push(error(&entry.place, "a drop-in cannot give a unit another name".into()));
        } else {
            merge(base, entry, is_collected(&entry.key));
        }
    }
}

/// Puts an entry over what is there. A key with nothing behind it takes away what was there.
fn merge(base: &mut Vec<Field<'_>>, entry: &Field<'static>, is_collected: bool) {
    if matches!(entry.value.value, Value::Nothing) {
        return base.retain(|other| other.key != entry.key);
    }
    let Some(old) = base.iter_mut().find(|other| other.key == entry.key) else {
        return base.push(entry.clone());
    };
    match (&mut old.value.value, &entry.value.value) {
        // Recurses no deeper than a tree is nested, which crate::tree bounds.
        (Value::Map(base), Value::Map(entries)) => entries.iter().for_each(|entry| merge(base, entry, false)),
        (Value::List(base), Value::List(items)) if is_collected => base.extend_from_slice(items),
        _ => *old = entry.clone(),
    }
}
