//! Init scripts as units, in memory: what the LSB importer makes of `/etc/init.d`.
//!
//! They are read all together, because they refer to each other, and only once somebody asks for a name that no unit
//! file has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::import::{Format, import};
use crate::source::Source;
use crate::tree::{Document, Node, Value, parse};
use crate::{Place, UnitName};

/// The scripts of directories, the first of which wins by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct InitScripts(Vec<(PathBuf, OnceLock<BTreeMap<UnitName, Document<'static>>>)>);

impl InitScripts {
    /// Adds a directory, unless it is one already.
    pub(crate) fn add(&mut self, directory: &Path) {
        if self.0.iter().all(|(other, _)| other != directory) {
            self.0.push((directory.into(), OnceLock::new()));
        }
    }

    /// Whether there is a directory to be asked.
    pub(crate) fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// A script as the document of a unit, every place of which is the script as a whole.
    pub(crate) fn get(&self, name: &UnitName) -> Option<Document<'static>> {
        let find =
            |(directory, units): &(PathBuf, OnceLock<_>)| units.get_or_init(|| read(directory)).get(name).cloned();
        self.0.iter().find_map(find)
    }
}

fn read(directory: &Path) -> BTreeMap<UnitName, Document<'static>> {
    let (imports, _) = import(Format::Lsb, &[directory.to_path_buf()]);
    let units = imports.into_iter().flat_map(|one| one.units.into_iter().map(move |unit| (one.source.clone(), unit)));
    units.filter_map(|(script, unit)| Some((unit.name, at_whole(&script, unit.text)?))).collect()
}

/// The document of a text that nobody wrote: every place in it is the file or directory that it stands for.
pub(crate) fn at_whole(file: &Path, text: String) -> Option<Document<'static>> {
    let source = Source::from_bytes(file.into(), text.into_bytes()).ok()?;
    let mut document = parse(&source).into_iter().next()?.into_owned();
    let place = Place::whole(source.file);
    document.root.iter_mut().for_each(|root| relocate(root, &place));
    document.errors.iter_mut().for_each(|error| error.place = place.clone());
    Some(document)
}

/// Recurses no deeper than a tree is nested, which [`crate::tree`] bounds.
fn relocate(node: &mut Node<'_>, place: &Place) {
    node.place = place.clone();
    match &mut node.value {
        Value::Nothing | Value::Text(_) => {}
        Value::List(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Value::Map(entries) => {
            for entry in entries {
                entry.place = place.clone();
                relocate(&mut entry.value, place);
            }
        }
    }
}
