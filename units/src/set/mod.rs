//! All units of the unit directories, by name, and everything that is wrong with them.
//!
//! A broken file costs the unit it defines and nothing else; it never lets a unit of the same name from a later
//! directory through, because that is not what the administrator wrote.

mod caching;
mod cross;
mod demand;
mod lines;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::check::{Checked, START_TIMEOUT, STOP_TIMEOUT};
use crate::drop_in;
use crate::import::systemd;
use crate::init_scripts::InitScripts;
use crate::parallel;
use crate::preparation::Preparation;
use crate::reading::{self, FileRead, UnitDirectory, UnitFile};
use crate::source::Source;
use crate::text::{did_you_mean, quoted, suggestion};
use crate::tree::Document;
use lines::Lines;

use crate::{Diagnostic, NameMap, Place, Severity, Unit, UnitName, Variables};

/// What units are read with, besides their directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What `${NAME}` stands for.
    pub variables: Variables,
    /// The directory of init scripts, which are units where no unit file has their name; `None`: there are none.
    pub init_scripts: Option<PathBuf>,
    /// `start-timeout` of units that do not say.
    pub start_timeout: Duration,
    /// `stop-timeout` of units that do not say.
    pub stop_timeout: Duration,
}

impl Default for Reading {
    fn default() -> Self {
        let (start_timeout, stop_timeout) = (START_TIMEOUT, STOP_TIMEOUT);
        Self { variables: Variables::default(), init_scripts: None, start_timeout, stop_timeout }
    }
}

/// Units by name.
#[derive(Clone, Debug, Default)]
pub struct UnitSet {
    directories: Vec<PathBuf>,
    units: BTreeMap<UnitName, Arc<Unit>>,
    broken: BTreeMap<UnitName, Vec<Diagnostic>>,
    /// What can be told of units in `broken`: what is wrong elsewhere is found by it, and nothing else.
    remains: BTreeMap<UnitName, Arc<Unit>>,
    diagnostics: Vec<Diagnostic>,
    sources: HashMap<Arc<Path>, Source>,
    lines: Lines,
    /// Units that provide a name, by name.
    providers: BTreeMap<UnitName, Vec<UnitName>>,
    /// What each name is that somebody has defined.
    definitions: NameMap<Definition>,
    preparation: Arc<Preparation>,
    templates: BTreeMap<UnitName, Box<Document<'static>>>,
    scripts: InitScripts,
    /// How many units came into being because somebody named them.
    provided: usize,
    new_cache: Option<crate::cache::NewCache>,
}

/// A name that is defined.
#[derive(Clone, Debug)]
struct Definition {
    /// Where.
    place: Place,
    /// The unit, if it can be used.
    unit: Option<Arc<Unit>>,
    /// Where its commands and accounts stand, each with its key.
    commands: Box<[(&'static str, Place)]>,
}

impl Definition {
    /// One that cannot be used, or not by itself.
    fn bare(place: Place) -> Self {
        Self { place, unit: None, commands: Box::default() }
    }
}

impl UnitSet {
    /// Reads `*.yaml` of the directories; the earlier one wins by name. A directory that is not there counts as empty:
    /// whoever lets people name directories checks that they exist.
    pub fn load(directories: &[PathBuf]) -> Self {
        Self::load_with(directories, &Reading::default())
    }

    /// As [`UnitSet::load`], with variables and init scripts.
    pub fn load_with(directories: &[PathBuf], reading: &Reading) -> Self {
        let (mut set, opened) = Self::open(directories, reading);
        set.add_files(&opened);
        set.finish();
        set
    }

    /// Sees what the directories have, and reads the drop-ins, but no unit yet.
    fn open(directories: &[PathBuf], reading: &Reading) -> (Self, Vec<UnitDirectory>) {
        let mut set = Self::new(reading);
        set.directories = directories.to_vec();
        let preparation = Arc::make_mut(&mut set.preparation);
        let mut opened = Vec::new();
        for directory in directories {
            let (unit_directory, drop_ins) = reading::unit_files(directory, &mut set.diagnostics);
            let errors = drop_ins.iter().filter_map(|drop_ins| preparation.drop_ins.read(drop_ins).err());
            set.diagnostics.extend(errors);
            opened.extend(unit_directory);
        }
        (set, opened)
    }

    fn add_files(&mut self, directories: &[UnitDirectory]) {
        let preparation = self.preparation.clone();
        for directory in directories {
            let read = |file: &UnitFile| directory.read(file, &preparation);
            self.add_directory(directory.files.len(), |take| parallel::for_each(&directory.files, read, take));
        }
    }

    fn new(reading: &Reading) -> Self {
        let preparation = Preparation { reading: reading.clone(), ..Preparation::default() };
        let mut set = Self { preparation: preparation.into(), ..Self::default() };
        reading.init_scripts.iter().for_each(|directory| set.scripts.add(directory));
        set
    }

    /// What can be done only once everything has been read.
    fn finish(&mut self) {
        self.provide_what_is_named();
        let is_there = |unit: &UnitName| self.is_to_be_had(unit);
        let orphans = self.preparation.drop_ins.orphans(is_there, |name| self.did_you_mean(name));
        self.diagnostics.extend(orphans);
    }

    /// Takes texts as if they were files, for tests: (path, text). Those with the same parent are one directory, and
    /// directories count in the order of their first file.
    pub fn from_texts(texts: &[(&str, &str)]) -> Self {
        Self::from_texts_with(texts, &Reading::default())
    }

    /// As [`UnitSet::from_texts`], with variables and init scripts; a parent that ends with `.yaml.d` holds drop-ins.
    pub fn from_texts_with(texts: &[(&str, &str)], reading: &Reading) -> Self {
        let mut set = Self::new(reading);
        let mut files = Vec::new();
        for (path, text) in texts {
            let path = Path::new(path);
            let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
            if directory.to_string_lossy().ends_with(drop_in::SUFFIX) {
                let source = Source::from_bytes(path.into(), text.as_bytes().to_vec());
                Arc::make_mut(&mut set.preparation).drop_ins.add(path, source);
                continue;
            }
            if !set.directories.contains(&directory) {
                set.directories.push(directory);
            }
            files.push((path, *text));
        }
        for directory in set.directories.clone() {
            let preparation = set.preparation.clone();
            let files = files.iter().filter(|(path, _)| path.parent() == Some(&directory));
            let read = files.map(|(path, text)| reading::from_text(path, text, &preparation));
            set.add_directory(texts.len(), |take| read.for_each(take));
        }
        set.finish();
        set
    }

    /// The units that can be used.
    pub fn units(&self) -> &BTreeMap<UnitName, Arc<Unit>> {
        &self.units
    }

    /// A unit that can be used.
    pub fn get(&self, name: &str) -> Option<&Arc<Unit>> {
        self.definitions.get(name)?.unit.as_ref()
    }

    /// The units that provide a name, by name.
    pub fn providers(&self, name: &str) -> &[UnitName] {
        self.providers.get(name).map_or(&[], Vec::as_slice)
    }

    /// Units that cannot be used, each with what is wrong: at least one error. No name is here and in `units`.
    pub fn broken(&self) -> &BTreeMap<UnitName, Vec<Diagnostic>> {
        &self.broken
    }

    /// The units, and of those that cannot be used what can be told: what is wrong is looked for in all of them.
    pub fn legible(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().chain(self.remains.values()).map(AsRef::as_ref)
    }

    /// What can be told of a unit that cannot be used.
    pub fn remains(&self, name: &str) -> Option<&Arc<Unit>> {
        self.remains.get(name)
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
        if place.line == 0 {
            return None;
        }
        self.lines.snippet(place, || {
            let known = self.sources.get(&place.file).or_else(|| self.preparation.drop_ins.source(&place.file));
            known.cloned().or_else(|| Source::read(&place.file).ok())
        })
    }

    /// Whether a unit of this name is defined, usable or not.
    pub fn is_defined(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// ` (did you mean "sshd"?)` where a defined name is near, else nothing: for a name that is no unit's.
    pub fn did_you_mean(&self, name: &str) -> String {
        if name.ends_with('@') && self.is_defined(name) {
            return format!(" (it is a template: name an instance of it, {name}NAME)");
        }
        let ours = name.contains('.').then(|| systemd::ours(name).ok()).flatten();
        match ours.as_deref().filter(|ours| self.is_defined(ours)) {
            Some(ours) => suggestion(Some(ours)),
            None => did_you_mean(
                name.strip_suffix(".service").unwrap_or(name),
                self.definitions.keys().map(UnitName::as_str),
            ),
        }
    }

    /// Where a defined name is defined.
    pub(crate) fn definition(&self, name: &str) -> Option<&Place> {
        self.definitions.get(name).map(|definition| &definition.place)
    }

    /// Where the value of a command or account of a unit stands; the unit's own place where that is not known.
    pub(crate) fn place_of<'a>(&'a self, unit: &'a Unit, key: &str) -> &'a Place {
        let places = self.definitions.get(&unit.name).map_or(&[][..], |definition| &definition.commands);
        places.iter().find(|(of, _)| *of == key).map_or(&unit.place, |(_, place)| place)
    }

    /// Whether a unit says what its command or account is, right or wrong.
    pub(crate) fn is_placed(&self, unit: &Unit, key: &str) -> bool {
        let definition = self.definitions.get(&unit.name);
        definition.is_some_and(|definition| definition.commands.iter().any(|(of, _)| *of == key))
    }

    /// Adds the files of one directory, about so many, that `read` hands over: what is defined already is left out, what
    /// is defined twice here is an error.
    fn add_directory(&mut self, count: usize, read: impl FnOnce(&mut dyn FnMut(FileRead))) {
        let hidden: BTreeSet<UnitName> = self.definitions.keys().cloned().collect();
        self.definitions.reserve(count);
        let mut new = Vec::with_capacity(count);
        read(&mut |file| self.take(file, &hidden, &mut new));
        // A map is made of many at once in the time of a few insertions.
        self.units.append(&mut new.into_iter().collect());
    }

    /// Adds a file from elsewhere as the unit `name`.
    pub(crate) fn add_file(&mut self, path: &Path, name: &UnitName) {
        let file = reading::read_as(path, name, &self.preparation);
        let mut new = Vec::new();
        self.take(file, &BTreeSet::new(), &mut new);
        self.units.extend(new);
    }

    /// Defines what a file has. Its units are `new`, to be put among the others.
    fn take(&mut self, file: FileRead, hidden: &BTreeSet<UnitName>, new: &mut Vec<(UnitName, Arc<Unit>)>) {
        self.sources.extend(file.source.map(|source| (source.file.clone(), source)));
        new.extend(file.checked.into_iter().filter_map(|checked| self.define(checked, hidden)));
    }

    /// Notes why a unit that is not defined in the unit directories cannot be had from elsewhere either.
    pub(crate) fn add_broken(&mut self, name: &UnitName, error: &Diagnostic) {
        if !self.is_defined(name.as_str()) {
            self.definitions.insert(name.clone(), Definition::bare(error.place.clone()));
            self.broken.insert(name.clone(), vec![error.clone()]);
        }
    }

    /// Defines what has been checked, if there is nothing of its name; gives the unit, if it can be used.
    fn define(&mut self, checked: Checked, hidden: &BTreeSet<UnitName>) -> Option<(UnitName, Arc<Unit>)> {
        let Checked { name, template, unit, remains, commands, mut diagnostics } = checked;
        let Some(name) = name else {
            self.diagnostics.append(&mut diagnostics);
            return None;
        };
        if hidden.contains(&name) {
            return None;
        }
        let place = unit.as_ref().map(|unit| &unit.place).or(diagnostics.first().map(|first| &first.place)).cloned();
        let place = place?;
        let slot = match self.definitions.entry(name.clone()) {
            Entry::Vacant(slot) => slot,
            Entry::Occupied(first) => {
                let first = first.get().place.clone();
                diagnostics.extend(unit.is_some().then(|| self.defined_twice(&name, &place, first)));
                self.diagnostics.append(&mut diagnostics);
                return None;
            }
        };
        self.diagnostics.extend_from_slice(&diagnostics);
        // A template is there to be named, not to be brought up.
        let usable = unit.as_ref().filter(|_| template.is_none()).cloned();
        slot.insert(Definition { place, unit: usable.clone(), commands });
        if unit.is_none() {
            diagnostics.retain(Diagnostic::is_error);
            self.remains.extend(remains.filter(|_| template.is_none()).map(|remains| (name.clone(), remains)));
            self.broken.insert(name.clone(), diagnostics);
        } else {
            self.templates.extend(template.map(|document| (name.clone(), document)));
        }
        for (provided, _) in usable.iter().flat_map(|unit| &unit.provides) {
            let providers = self.providers.entry(provided.clone()).or_default();
            let at = providers.partition_point(|other| *other < name);
            providers.insert(at, name.clone());
        }
        Some((name, usable?))
    }

    fn defined_twice(&self, name: &UnitName, place: &Place, first: Place) -> Diagnostic {
        let message = format!("unit {} is defined a second time", quoted(name.as_str()));
        let mut diagnostic = Diagnostic::new(Severity::Error, place.clone(), message);
        diagnostic.snippet = self.snippet(place);
        diagnostic.related.push((first, "the first one, which counts".into()));
        diagnostic
    }
}
