//! Unit files → checked documents, each file by itself: nothing here knows of other files.
//!
//! Files may be read by several threads at once, so nothing here has a state.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::Checked;
use crate::drop_in;
use crate::preparation::Preparation;
use crate::source::{Look, Source, cause};
use crate::tree::{self, Document};
use crate::{Diagnostic, Place, Severity, UnitName};

/// The end of a unit file's name.
const SUFFIX: &str = ".yaml";

/// The end of a name that was probably meant to be a unit file's.
const OTHER_SUFFIX: &str = ".yml";

/// What is said of a unit that could not be told from its neighbours.
const NAMELESS: &str = "in a file of several units each needs the key \"name\"";

/// A name in a unit directory that ends as a unit file's does.
#[derive(Debug)]
pub(crate) struct UnitFile {
    path: PathBuf,
    look: Look,
}

/// What a file has given.
#[derive(Debug)]
pub(crate) struct FileRead {
    /// Its text, if it could be read.
    pub(crate) source: Option<Source>,
    /// Its documents.
    pub(crate) checked: Vec<Checked>,
}

/// The unit files of a directory, sorted by name, and its directories of drop-ins; one that is not there has none.
pub(crate) fn unit_files(directory: &Path, diagnostics: &mut Vec<Diagnostic>) -> (Vec<UnitFile>, Vec<PathBuf>) {
    let names = match entries(directory) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => {
            let message = format!("unable to read the directory: {}", cause(&error));
            diagnostics.push(Diagnostic::new(Severity::Error, Place::whole(directory), message));
            return Default::default();
        }
    };
    for (name, _) in names.iter().filter(|(name, _)| name.ends_with(OTHER_SUFFIX)) {
        let place = Place::whole(directory.join(name));
        diagnostics.push(Diagnostic::new(Severity::Warning, place, "not read: unit files end with .yaml"));
    }
    let drop_ins = names.iter().filter(|(name, _)| name.ends_with(drop_in::SUFFIX));
    let drop_ins = drop_ins.map(|(name, _)| directory.join(name)).collect();
    let files = names.into_iter().filter(|(name, _)| name.ends_with(SUFFIX));
    (files.map(|(name, look)| UnitFile { path: directory.join(name), look }).collect(), drop_ins)
}

/// Reads a file of a unit directory.
pub(crate) fn read(file: &UnitFile, preparation: &Preparation) -> FileRead {
    match Source::read_looked_at(&file.path, file.look) {
        Ok(source) => from_source(source, preparation),
        Err(error) => unreadable(name_of(&file.path).ok(), error),
    }
}

/// Reads a file from elsewhere as the unit `name`.
pub(crate) fn read_as(path: &Path, name: &UnitName, preparation: &Preparation) -> FileRead {
    match Source::read(path) {
        Ok(source) => check_documents(source, Ok(name), preparation),
        Err(error) => unreadable(Some(name.clone()), error),
    }
}

/// Takes a text as if it were a file.
pub(crate) fn from_text(path: &Path, text: &str, preparation: &Preparation) -> FileRead {
    match Source::from_bytes(path.into(), text.as_bytes().to_vec()) {
        Ok(source) => from_source(source, preparation),
        Err(error) => unreadable(name_of(path).ok(), error),
    }
}

fn from_source(source: Source, preparation: &Preparation) -> FileRead {
    let name = name_of(&source.file);
    check_documents(source, name.as_ref().map_err(String::as_str), preparation)
}

fn check_documents(source: Source, file_name: Result<&UnitName, &str>, preparation: &Preparation) -> FileRead {
    let mut documents = tree::parse(&source);
    if documents.is_empty() {
        let whole = Place::whole(source.file.clone());
        let error = source.diagnostic(Severity::Error, &whole, "there is no unit in this file");
        documents.push(Document { root: None, name: None, errors: vec![error] });
    }
    let count = documents.len();
    let mut checked: Vec<Checked> = Vec::with_capacity(count);
    let mut said = 0;
    for (document, number) in documents.into_iter().zip(1..) {
        // A text that ends in the middle belongs to the file's name, whatever stood before it.
        let is_torn = document.root.is_none();
        let name = if count == 1 || is_torn { file_name } else { Err(NAMELESS) };
        let mut one = preparation.check(Some(&source), document, name);
        said += one.diagnostics.len();
        let is_enough = said >= tree::MOST_DIAGNOSTICS && number < count;
        if is_enough {
            let whole = Place::whole(source.file.clone());
            let message = "too much is wrong: the rest is not read";
            one.diagnostics.push(Diagnostic::new(Severity::Error, whole, message));
        }
        checked.push(one);
        if is_enough {
            break;
        }
    }
    FileRead { source: Some(source), checked }
}

fn unreadable(name: Option<UnitName>, error: Diagnostic) -> FileRead {
    let checked = Checked { name, template: None, unit: None, commands: Vec::new(), diagnostics: vec![error] };
    FileRead { source: None, checked: vec![checked] }
}

/// The name that a file's name gives.
fn name_of(path: &Path) -> Result<UnitName, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    UnitName::new(name.strip_suffix(SUFFIX).unwrap_or(&name))
}

/// The names in a directory, sorted, without hidden ones.
pub(crate) fn read_names(directory: &Path) -> io::Result<Vec<String>> {
    Ok(entries(directory)?.into_iter().map(|(name, _)| name).collect())
}

/// The same, each with what the directory knows of it.
fn entries(directory: &Path) -> io::Result<Vec<(String, Look)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let look = if is_file { Look::Regular } else { Look::Unknown };
        names.push((entry.file_name().to_string_lossy().into_owned(), look));
    }
    names.retain(|(name, _)| !name.starts_with('.'));
    names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(names)
}
