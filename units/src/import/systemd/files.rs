//! Unit files as they are found: the file, what is laid over it, and what of all that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::file::{self, Setting};
use super::specifiers::Names;
use super::table;
use crate::import::sketch::{INSTANCE, Report};
use crate::reading::read_names;
use crate::source::Source;
use crate::{Diagnostic, Place};

/// A unit file with its drop-ins.
pub(super) struct File {
    pub(super) name: String,
    /// What counts, with its specifiers replaced.
    pub(super) settings: Vec<Setting>,
    /// What does not count, and why.
    pub(super) replaced: Vec<(Setting, &'static str)>,
    /// Lines that are no settings.
    pub(super) others: Vec<(String, Place)>,
    /// Another file of its name comes first.
    pub(super) is_hidden: bool,
    pub(super) report: Report,
}

impl File {
    /// What the name ends with, without the dot.
    pub(super) fn suffix(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, suffix)| suffix)
    }

    /// What stands before that.
    pub(super) fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(stem, _)| stem)
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.replaced.is_empty() && self.others.is_empty()
    }

    fn new(source: &Source, drop_ins: &[Source]) -> Self {
        let name = source.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (mut all, mut others) = file::read(source);
        for (more, other) in drop_ins.iter().map(file::read) {
            all.extend(more);
            others.extend(other);
        }
        let names = Names { full: name.replace("@.", &format!("@{INSTANCE}.")) };
        all.iter_mut().for_each(|setting| setting.expand(&names));
        let (mut settings, mut replaced) = (Vec::new(), Vec::new());
        for (index, setting) in all.iter().enumerate() {
            match reason_not_to_count(setting, &all[index + 1..]) {
                Some(reason) => replaced.push((setting.clone(), reason)),
                None => settings.push(setting.clone()),
            }
        }
        Self { name, settings, replaced, others, is_hidden: false, report: Report::new(&*source.file) }
    }
}

/// Reads unit files with their drop-ins; of several with one name the first counts, as in systemd's search path.
pub(super) fn read(sources: &[Source], directories: &[PathBuf], unreadable: &mut Vec<Diagnostic>) -> Vec<File> {
    let beside = sources.iter().filter_map(|source| source.file.parent());
    let mut searched: Vec<&Path> = Vec::new();
    for directory in directories.iter().map(PathBuf::as_path).chain(beside) {
        if !searched.contains(&directory) {
            searched.push(directory);
        }
    }
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for source in sources {
        let name = source.file.file_name().unwrap_or_default().to_string_lossy();
        let mut drop_ins = Vec::new();
        for path in drop_in_paths(&name, &searched) {
            match Source::read(&path) {
                Ok(source) => drop_ins.push(source),
                Err(error) => unreadable.push(error),
            }
        }
        let mut file = File::new(source, &drop_ins);
        file.is_hidden = !seen.insert(name.into_owned());
        files.push(file);
    }
    files
}

/// The drop-ins of a unit and of its template, by their names; of several with one name the first counts.
fn drop_in_paths(name: &str, searched: &[&Path]) -> Vec<PathBuf> {
    let template =
        name.split_once('@').zip(name.rsplit_once('.')).map(|((prefix, _), (_, suffix))| format!("{prefix}@.{suffix}"));
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    for unit in [Some(name.to_owned()), template].into_iter().flatten() {
        for directory in searched.iter().map(|directory| directory.join(format!("{unit}.d"))) {
            let names = read_names(&directory).unwrap_or_default();
            for name in names.into_iter().filter(|name| name.ends_with(".conf")) {
                let path = directory.join(&name);
                paths.entry(name).or_insert(path);
            }
        }
    }
    paths.into_values().collect()
}

/// Why a setting does not count, if a later one replaces or clears it.
fn reason_not_to_count(setting: &Setting, later: &[Setting]) -> Option<&'static str> {
    if later.iter().any(|one| table::replaces(one, setting)) {
        return Some("a later line replaces it");
    }
    later.iter().any(|one| table::clears(one, setting)).then_some("a later line clears it")
}
