//! Unit files → checked documents, each file by itself: nothing here knows of other files.
//!
//! Files may be read by several threads at once, so nothing here has a state.

use std::borrow::Cow;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use nix::dir::{Dir, Type};
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::{FileStat, Mode, fstatat};

use crate::cache::{self, Cache, Identity};
use crate::check::Checked;
use crate::drop_in;
use crate::preparation::Preparation;
use crate::source::{Look, Source, cause};
use crate::tree::{self, Document, Tear};
use crate::{Diagnostic, Place, Severity, UnitName};

/// The end of a unit file's name.
const SUFFIX: &str = ".yaml";

/// The end of a name that was probably meant to be a unit file's.
const OTHER_SUFFIX: &str = ".yml";

/// What is said of a unit that could not be told from its neighbours.
const NAMELESS: &str = "in a file of several units each needs the key \"name\"";

/// A unit directory, held open so that its files are found without walking to it again and again.
#[derive(Debug)]
pub(crate) struct UnitDirectory {
    /// Its path with a slash at the end.
    prefix: PathBuf,
    descriptor: OwnedFd,
    /// Its unit files, sorted by name.
    pub(crate) files: Vec<UnitFile>,
}

/// A name in a unit directory that ends as a unit file's does, and what the directory knows of it.
#[derive(Debug)]
pub(crate) struct UnitFile {
    name: CString,
    look: Look,
}

impl UnitFile {
    /// The name that it gives.
    fn unit(&self) -> Result<UnitName, String> {
        unit_name(&self.name.to_string_lossy())
    }

    fn ends_with(&self, suffix: &str) -> bool {
        self.name.to_bytes().ends_with(suffix.as_bytes())
    }
}

/// What a file has given.
#[derive(Debug)]
pub(crate) struct FileRead {
    /// Its text, if there is something to say of it: what there is nothing to say of yet is read again if that changes.
    pub(crate) source: Option<Source>,
    /// Its documents.
    pub(crate) checked: Vec<Checked>,
}

impl FileRead {
    fn new(source: Source, checked: Vec<Checked>) -> Self {
        Self { source: Some(source).filter(|_| !is_silent(&checked)), checked }
    }
}

/// A unit directory with its unit files, and its directories of drop-ins; one that is not there has none.
pub(crate) fn unit_files(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> (Option<UnitDirectory>, Vec<PathBuf>) {
    let (descriptor, mut files) = match open_and_list(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => {
            let message = format!("unable to read the directory: {}", cause(&error));
            diagnostics.push(Diagnostic::new(Severity::Error, Place::whole(path), message));
            return Default::default();
        }
    };
    let path_of = |file: &UnitFile| path.join(OsStr::from_bytes(file.name.to_bytes()));
    for place in files.iter().filter(|file| file.ends_with(OTHER_SUFFIX)).map(path_of).map(Place::whole) {
        diagnostics.push(Diagnostic::new(Severity::Warning, place, "not read: unit files end with .yaml"));
    }
    let drop_ins = files.iter().filter(|file| file.ends_with(drop_in::SUFFIX)).map(path_of).collect();
    files.retain(|file| file.ends_with(SUFFIX));
    (Some(UnitDirectory { prefix: path.join(""), descriptor, files }), drop_ins)
}

/// What a file has given, and its entry for the next cache.
#[derive(Debug)]
pub(crate) struct FileCached<'a> {
    /// What it has given.
    pub(crate) read: FileRead,
    /// Its entry; none: it cannot be kept.
    pub(crate) entry: Option<Cow<'a, [u8]>>,
}

impl UnitDirectory {
    /// Reads one of its files.
    pub(crate) fn read(&self, file: &UnitFile, preparation: &Preparation) -> FileRead {
        match self.source(file) {
            Ok((source, _)) => from_source(source, preparation),
            Err(error) => unreadable(file.unit().ok(), error),
        }
    }

    /// Takes one of its files from the cache, if it is there as it is now, or reads it.
    pub(crate) fn read_cached<'a>(
        &self,
        file: &UnitFile,
        preparation: &Preparation,
        cache: &'a Cache,
    ) -> FileCached<'a> {
        if let Some(found) = self.find(file, preparation, cache) {
            return found;
        }
        let now = SystemTime::now();
        match self.source(file) {
            Ok((source, found)) => {
                let (path, identity) = (source.file.clone(), Identity::of(&found));
                let read = from_source(source, preparation);
                let is_lasting = identity.is_settled(now) && !is_overlaid(&read.checked, preparation);
                let entry = is_lasting.then(|| cache::entry(&path, &identity, &read.checked)).flatten();
                FileCached { read, entry: entry.map(Cow::Owned) }
            }
            Err(error) => FileCached { read: unreadable(file.unit().ok(), error), entry: None },
        }
    }

    /// What the cache has, unless there are drop-ins by now.
    fn find<'a>(&self, file: &UnitFile, preparation: &Preparation, cache: &'a Cache) -> Option<FileCached<'a>> {
        let found = fstatat(&self.descriptor, file.name.as_c_str(), AtFlags::empty()).ok()?;
        let (checked, entry) = cache.find(&self.path_of(file), &Identity::of(&found))?;
        let read = FileRead { source: None, checked };
        (!is_overlaid(&read.checked, preparation)).then_some(FileCached { read, entry: Some(Cow::Borrowed(entry)) })
    }

    fn source(&self, file: &UnitFile) -> Result<(Source, FileStat), Diagnostic> {
        Source::read_at(self.descriptor.as_fd(), file.name.as_c_str(), self.path_of(file), file.look)
    }

    fn path_of(&self, file: &UnitFile) -> Arc<Path> {
        let (prefix, name) = (self.prefix.as_os_str(), OsStr::from_bytes(file.name.to_bytes()));
        let mut path = OsString::with_capacity(prefix.len() + name.len());
        path.push(prefix);
        path.push(name);
        PathBuf::from(path).into()
    }
}

/// Whether drop-ins are laid over any of them.
fn is_overlaid(checked: &[Checked], preparation: &Preparation) -> bool {
    checked.iter().filter_map(|one| one.name.as_ref()).any(|name| preparation.drop_ins.are_there(name))
}

fn is_silent(checked: &[Checked]) -> bool {
    checked.iter().all(|one| one.diagnostics.is_empty())
}

/// Reads a file from elsewhere as the unit `name`.
pub(crate) fn read_as(path: &Path, name: &UnitName, preparation: &Preparation) -> FileRead {
    match Source::read(path) {
        Ok(source) => {
            let documents = parse(&source);
            let checked = check_documents(&source, documents, Ok(name), preparation);
            FileRead::new(source, checked)
        }
        Err(error) => unreadable(Some(name.clone()), error),
    }
}

/// Takes a text as if it were a file. It is kept, because it cannot be read again.
pub(crate) fn from_text(path: &Path, text: &str, preparation: &Preparation) -> FileRead {
    match Source::from_bytes(path.into(), text.as_bytes().to_vec()) {
        Ok(source) => FileRead { source: Some(source.clone()), ..from_source(source, preparation) },
        Err(error) => unreadable(name_of(path).ok(), error),
    }
}

fn from_source(source: Source, preparation: &Preparation) -> FileRead {
    let checked = check_text(&source, parse(&source), preparation);
    FileRead::new(source, checked)
}

/// The documents of a text, at least one.
fn parse(source: &Source) -> Vec<Document<'_>> {
    let mut documents = tree::parse(source);
    if documents.is_empty() {
        let whole = Place::whole(source.file.clone());
        let error = source.diagnostic(Severity::Error, &whole, "there is no unit in this file");
        documents.push(Document { root: None, tear: Some(Tear::default()), errors: vec![error] });
    }
    documents
}

fn check_text(source: &Source, documents: Vec<Document<'_>>, preparation: &Preparation) -> Vec<Checked> {
    let name = name_of(&source.file);
    check_documents(source, documents, name.as_ref().map_err(String::as_str), preparation)
}

fn check_documents(
    source: &Source,
    documents: Vec<Document<'_>>,
    file_name: Result<&UnitName, &str>,
    preparation: &Preparation,
) -> Vec<Checked> {
    let count = documents.len();
    let mut checked: Vec<Checked> = Vec::with_capacity(count);
    let mut said = 0;
    for (document, number) in documents.into_iter().zip(1..) {
        // A text that ends in the middle belongs to the file's name, whatever stood before it.
        let is_torn = document.tear.is_some() && document.get("name").is_none();
        let name = if count == 1 || is_torn { file_name } else { Err(NAMELESS) };
        let mut one = preparation.check(Some(source), document, name);
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
    checked
}

fn unreadable(name: Option<UnitName>, error: Diagnostic) -> FileRead {
    let checked =
        Checked { name, template: None, unit: None, remains: None, commands: Box::default(), diagnostics: vec![error] };
    FileRead { source: None, checked: vec![checked] }
}

/// The name that a file's name gives.
fn name_of(path: &Path) -> Result<UnitName, String> {
    unit_name(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn unit_name(file: &str) -> Result<UnitName, String> {
    UnitName::new(file.strip_suffix(SUFFIX).unwrap_or(file))
}

/// The names in a directory, sorted, without hidden ones.
pub(crate) fn read_names(directory: &Path) -> io::Result<Vec<String>> {
    let (_, files) = open_and_list(directory)?;
    Ok(files.iter().map(|file| file.name.to_string_lossy().into_owned()).collect())
}

/// An open directory, and what is in it.
fn open_and_list(path: &Path) -> io::Result<(OwnedFd, Vec<UnitFile>)> {
    let descriptor = open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let mut files = Vec::new();
    for entry in Dir::from_fd(descriptor.try_clone()?)?.iter() {
        let entry = entry?;
        let look = if entry.file_type() == Some(Type::File) { Look::Regular } else { Look::Unknown };
        files.push(UnitFile { name: entry.file_name().to_owned(), look });
    }
    files.retain(|file| !file.name.to_bytes().starts_with(b"."));
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok((descriptor, files))
}
