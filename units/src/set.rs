//! All units of the unit directories, by name, and everything that is wrong with them.
//!
//! A broken file costs the unit it defines and nothing else; it never lets a unit of the same name from a later
//! directory through, because that is not what the administrator wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{Checked, check};
use crate::source::{Source, cause};
use crate::text::{did_you_mean, quoted};
use crate::tree::{self, Document};
use crate::{Diagnostic, Edge, Place, Severity, Unit, UnitName};

/// The end of a unit file's name.
const SUFFIX: &str = ".yaml";

/// The end of a name that was probably meant to be a unit file's.
const OTHER_SUFFIX: &str = ".yml";

/// What is said of a unit that could not be told from its neighbours.
const NAMELESS: &str = "in a file of several units each needs the key \"name\"";

/// Units by name.
#[derive(Clone, Debug, Default)]
pub struct UnitSet {
    directories: Vec<PathBuf>,
    units: BTreeMap<UnitName, Unit>,
    broken: BTreeMap<UnitName, Vec<Diagnostic>>,
    diagnostics: Vec<Diagnostic>,
    sources: BTreeMap<Arc<Path>, Source>,
    commands: BTreeMap<UnitName, Vec<(&'static str, Place)>>,
    /// Where each name of `units` and `broken` is defined.
    definitions: BTreeMap<UnitName, Place>,
}

impl UnitSet {
    /// Reads `*.yaml` of the directories; the earlier one wins by name. A directory that is not there counts as empty:
    /// whoever lets people name directories checks that they exist.
    pub fn load(directories: &[PathBuf]) -> Self {
        let mut set = Self { directories: directories.to_vec(), ..Self::default() };
        for directory in directories {
            let files = set.files_of(directory);
            set.add_directory(files.into_iter().map(|file| Source::read(&file)));
        }
        set
    }

    /// Takes texts as if they were files, for tests: (path, text). Those with the same parent are one directory, and
    /// directories count in the order of their first file.
    pub fn from_texts(texts: &[(&str, &str)]) -> Self {
        let mut set = Self::default();
        for (path, _) in texts {
            let directory = Path::new(path).parent().unwrap_or(Path::new("")).to_path_buf();
            if !set.directories.contains(&directory) {
                set.directories.push(directory);
            }
        }
        for directory in set.directories.clone() {
            let files = texts.iter().filter(|(path, _)| Path::new(path).parent() == Some(&directory));
            set.add_directory(
                files.map(|(path, text)| Source::from_bytes(Path::new(path).into(), text.as_bytes().to_vec())),
            );
        }
        set
    }

    /// The units that can be used.
    pub fn units(&self) -> &BTreeMap<UnitName, Unit> {
        &self.units
    }

    /// A unit that can be used.
    pub fn get(&self, name: &str) -> Option<&Unit> {
        self.units.get(name)
    }

    /// Units that cannot be used, each with what is wrong: at least one error. No name is here and in `units`.
    pub fn broken(&self) -> &BTreeMap<UnitName, Vec<Diagnostic>> {
        &self.broken
    }

    /// Everything that was found while reading, that of broken units included.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The unit directories, in the order in which they win.
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// The source line of a place in a unit file.
    pub fn snippet(&self, place: &Place) -> Option<String> {
        self.sources.get(&place.file)?.snippet(place)
    }

    /// Checks what needs several units: edges must lead to units. Cycles are the graph's.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self.units.values().flat_map(|unit| self.check_edges(unit)).collect();
        diagnostics.sort_by(|one, other| one.place.cmp(&other.place));
        diagnostics
    }

    /// Whether a unit of this name is defined, usable or not.
    pub fn is_defined(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// ` (did you mean "sshd"?)` where a defined name is near, else nothing.
    pub fn did_you_mean(&self, name: &str) -> String {
        did_you_mean(name, self.definitions.keys().map(UnitName::as_str))
    }

    /// Where a defined name is defined.
    pub(crate) fn definition(&self, name: &str) -> Option<&Place> {
        self.definitions.get(name)
    }

    /// Where the commands of a unit stand.
    pub(crate) fn commands(&self, name: &UnitName) -> &[(&'static str, Place)] {
        self.commands.get(name).map_or(&[], Vec::as_slice)
    }

    fn check_edges(&self, unit: &Unit) -> Vec<Diagnostic> {
        let kinds = [
            (Severity::Error, &unit.needs),
            (Severity::Warning, &unit.wants),
            (Severity::Warning, &unit.after),
            (Severity::Warning, &unit.before),
        ];
        let edges = kinds.iter().flat_map(|(severity, edges)| edges.iter().map(move |edge| (*severity, edge)));
        edges
            .filter(|(_, edge)| !self.is_defined(edge.unit.as_str()))
            .map(|(severity, edge)| self.unknown(severity, edge))
            .collect()
    }

    fn unknown(&self, severity: Severity, edge: &Edge) -> Diagnostic {
        let name = edge.unit.as_str();
        let message = format!("there is no unit {}{}", quoted(name), self.did_you_mean(name));
        let mut diagnostic = Diagnostic::new(severity, edge.place.clone(), message);
        diagnostic.snippet = self.snippet(&edge.place);
        diagnostic
    }

    /// The unit files of a directory, sorted by name.
    fn files_of(&mut self, directory: &Path) -> Vec<PathBuf> {
        let names = match read_names(directory) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let message = format!("unable to read the directory: {}", cause(&error));
                self.diagnostics.push(Diagnostic::new(Severity::Error, Place::whole(directory), message));
                return Vec::new();
            }
        };
        for name in names.iter().filter(|name| name.ends_with(OTHER_SUFFIX)) {
            let place = Place::whole(directory.join(name));
            self.diagnostics.push(Diagnostic::new(Severity::Warning, place, "not read: unit files end with .yaml"));
        }
        names.iter().filter(|name| name.ends_with(SUFFIX)).map(|name| directory.join(name)).collect()
    }

    /// Adds the files of one directory: what is defined already is left out, what is defined twice here is an error.
    fn add_directory(&mut self, files: impl Iterator<Item = Result<Source, Diagnostic>>) {
        let hidden: BTreeSet<UnitName> = self.definitions.keys().cloned().collect();
        for file in files {
            let checked = match file {
                Ok(source) => self.check_source(source),
                Err(error) => vec![unreadable(error)],
            };
            for one in checked {
                self.add(one, &hidden);
            }
        }
    }

    /// Adds a file from elsewhere as the unit `name`.
    pub(crate) fn add_file(&mut self, path: &Path, name: &UnitName) {
        let checked = match Source::read(path) {
            Ok(source) => self.check_documents(source, Ok(name)),
            Err(error) => vec![Checked { name: Some(name.clone()), ..unreadable(error) }],
        };
        for one in checked {
            self.add(one, &BTreeSet::new());
        }
    }

    /// Notes why a unit that is not defined in the unit directories cannot be had from elsewhere either.
    pub(crate) fn add_broken(&mut self, name: &UnitName, error: &Diagnostic) {
        if !self.is_defined(name.as_str()) {
            self.definitions.insert(name.clone(), error.place.clone());
            self.broken.insert(name.clone(), vec![error.clone()]);
        }
    }

    fn check_source(&mut self, source: Source) -> Vec<Checked> {
        let file = source.file.clone();
        let name = name_of(&file);
        self.check_documents(source, name.as_ref().map_err(String::as_str))
    }

    fn check_documents(&mut self, source: Source, file_name: Result<&UnitName, &str>) -> Vec<Checked> {
        let mut documents = tree::parse(&source);
        if documents.is_empty() {
            let error =
                source.diagnostic(Severity::Error, &Place::whole(source.file.clone()), "there is no unit in this file");
            documents.push(Document { root: None, name: None, errors: vec![error] });
        }
        let only = documents.len() == 1;
        let mut checked: Vec<Checked> = Vec::new();
        let mut said = 0;
        let count = documents.len();
        for (document, number) in documents.into_iter().zip(1..) {
            // A text that ends in the middle belongs to the file's name, whatever stood before it.
            let is_torn = document.root.is_none();
            let name = if only || is_torn { file_name } else { Err(NAMELESS) };
            checked.push(check(&source, document, name));
            let Some(last) = checked.last_mut() else { break };
            said += last.diagnostics.len();
            if said >= tree::MOST_DIAGNOSTICS && number < count {
                let place = Place::whole(source.file.clone());
                last.diagnostics.push(Diagnostic::new(
                    Severity::Error,
                    place,
                    "too much is wrong: the rest is not read",
                ));
                break;
            }
        }
        self.sources.insert(source.file.clone(), source);
        checked
    }

    fn add(&mut self, checked: Checked, hidden: &BTreeSet<UnitName>) {
        let Checked { name, unit, commands, mut diagnostics } = checked;
        let Some(name) = name else {
            return self.diagnostics.append(&mut diagnostics);
        };
        if hidden.contains(&name) {
            return;
        }
        let place = unit.as_ref().map(|unit| &unit.place).or(diagnostics.first().map(|first| &first.place)).cloned();
        let Some(place) = place else { return };
        if let Some(first) = self.definitions.get(&name) {
            if unit.is_some() {
                diagnostics.push(self.defined_twice(&name, &place, first));
            }
            return self.diagnostics.append(&mut diagnostics);
        }
        self.diagnostics.extend_from_slice(&diagnostics);
        self.definitions.insert(name.clone(), place);
        match unit {
            Some(unit) => {
                self.commands.insert(name.clone(), commands);
                self.units.insert(name, unit);
            }
            None => {
                diagnostics.retain(Diagnostic::is_error);
                self.broken.insert(name, diagnostics);
            }
        }
    }

    fn defined_twice(&self, name: &UnitName, place: &Place, first: &Place) -> Diagnostic {
        let message = format!("unit {} is defined a second time", quoted(name.as_str()));
        let mut diagnostic = Diagnostic::new(Severity::Error, place.clone(), message);
        diagnostic.snippet = self.snippet(place);
        diagnostic.related.push((first.clone(), "the first one, which counts".into()));
        diagnostic
    }
}

fn unreadable(error: Diagnostic) -> Checked {
    Checked { name: name_of(&error.place.file).ok(), unit: None, commands: Vec::new(), diagnostics: vec![error] }
}

/// The name that a file's name gives.
fn name_of(path: &Path) -> Result<UnitName, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    UnitName::new(name.strip_suffix(SUFFIX).unwrap_or(&name))
}

/// The names in a directory, sorted, without hidden ones.
pub(crate) fn read_names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}
