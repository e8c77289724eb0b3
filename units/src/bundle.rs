//! A bundle: a directory of symbolic links, each of which names a unit.
//!
//! A link's target counts only when it lies outside the unit directories; there it is a YAML file from elsewhere, read
//! as the unit of the link's name. A unit directory's own definition of that name wins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::reading::read_names;
use crate::source::cause;
use crate::text::quoted;
use crate::{Diagnostic, Edge, Place, Severity, UnitName, UnitSet};

/// A bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its name: the directory's.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
    /// What it names, in the order of the links' names; an edge's place is the link. Whether such a unit is there, is
    /// for the caller to see.
    pub members: Vec<Edge>,
}

impl Bundle {
    /// Reads a directory of links. Units that links bring from elsewhere go into `units`. With it comes everything that
    /// is wrong with single links, which cost only their own members; the error is for the directory as a whole.
    pub fn load(directory: &Path, units: &mut UnitSet) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let names = read_names(directory).map_err(|error| {
            let message = format!("unable to read the bundle: {}", cause(&error));
            Diagnostic::new(Severity::Error, Place::whole(directory), message)
        })?;
        let name = directory.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut bundle = Self { name, directory: directory.into(), members: Vec::new() };
        let mut diagnostics = Vec::new();
        for link in names {
            let Contribution { member, diagnostic } = bundle.member(&link, units);
            let is_new = |edge: &Edge| bundle.members.iter().all(|other| other.unit != edge.unit);
            let member = member.filter(is_new);
            bundle.members.extend(member);
            diagnostics.extend(diagnostic);
        }
        Ok((bundle, diagnostics))
    }
}

impl Bundle {
    /// What a link contributes: nothing, a member, or a member and what is wrong with it.
    fn member(&self, link: &str, units: &mut UnitSet) -> Contribution {
        let path = self.directory.join(link);
        let place = Place::whole(path.as_path());
        let error = |message: &str| Diagnostic::new(Severity::Error, place.clone(), message);
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        let Some(stem) = self.stem(link, is_link) else { return Contribution::default() };
        let unit = match UnitName::new(stem) {
            Ok(unit) if is_link => unit,
            Ok(_) => return Contribution::refused(error("is not a symbolic link: a bundle has nothing else")),
            Err(message) => return Contribution::refused(error(&message)),
        };
        let diagnostic = follow(&path, &unit, units);
        if let Some(diagnostic) = diagnostic.as_ref().filter(|diagnostic| diagnostic.is_error()) {
            units.add_broken(&unit, diagnostic);
        }
        Contribution { member: Some(Edge { unit, place }), diagnostic }
    }

    /// The unit that a link's name means; `None`: the link means none.
    fn stem<'a>(&self, link: &'a str, is_link: bool) -> Option<&'a str> {
        let stem = link.strip_suffix(".yaml").unwrap_or(link);
        if !is_run_level(&self.name) {
            return Some(stem);
        }
        // K links say what is not to run; a README is no link.
        let rest = stem.strip_prefix('S').filter(|_| is_link)?;
        let (number, name) = rest.split_at_checked(2)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
    }
}

#[derive(Default)]
struct Contribution {
    member: Option<Edge>,
    diagnostic: Option<Diagnostic>,
}

impl Contribution {
    fn refused(diagnostic: Diagnostic) -> Self {
        Self { member: None, diagnostic: Some(diagnostic) }
    }
}

/// `rc0.d` to `rc6.d` and `rcS.d`.
fn is_run_level(name: &str) -> bool {
    matches!(name.as_bytes(), [b'r', b'c', b'0'..=b'6' | b'S', b'.', b'd'])
}

/// Brings in what a link points to, if that counts.
fn follow(link: &Path, unit: &UnitName, units: &mut UnitSet) -> Option<Diagnostic> {
    let place = Place::whole(link);
    let target = match fs::read_link(link) {
        Ok(target) => link.parent().unwrap_or(Path::new("")).join(target),
        Err(error) => {
            return Some(Diagnostic::new(
                Severity::Error,
                place,
                format!("unable to read the link: {}", cause(&error)),
            ));
        }
    };
    let is_defined = units.is_defined(unit.as_str());
    let shown = quoted(&target.to_string_lossy());
    let is_yaml = target.extension().is_some_and(|extension| extension == "yaml");
    if is_inside(&target, units.directories()) {
        return (!is_defined).then(|| {
            let hint = units.did_you_mean(unit.as_str());
            Diagnostic::new(
                Severity::Error,
                place,
                format!("the unit directories have no unit {}{hint}", quoted(unit.as_str())),
            )
        });
    }
    match fs::metadata(&target) {
        Err(error) => {
            let severity = if is_defined { Severity::Warning } else { Severity::Error };
            Some(Diagnostic::new(severity, place, format!("dangling link to {shown}: {}", cause(&error))))
        }
        Ok(metadata) if is_yaml && !metadata.is_dir() => bring_in(&target, unit, units, place),
        Ok(_) if is_defined => None,
        Ok(metadata) => {
            let what = if metadata.is_dir() { "directory" } else { "script" };
            Some(Diagnostic::new(Severity::Error, place, format!("a link to a {what}, {shown}, is not supported yet")))
        }
    }
}

/// Reads a YAML file from elsewhere as a unit, unless that is defined already.
fn bring_in(target: &Path, unit: &UnitName, units: &mut UnitSet, place: Place) -> Option<Diagnostic> {
    let file = fs::canonicalize(target).unwrap_or_else(|_| target.into());
    let Some(definition) = units.definition(unit.as_str()) else {
        units.add_file(&file, unit);
        return None;
    };
    if *definition.file == *file {
        return None;
    }
    let message = format!("{} is not read, because the unit is defined already", quoted(&file.to_string_lossy()));
    let mut warning = Diagnostic::new(Severity::Warning, place, message);
    warning.related.push((definition.clone(), "the definition that counts".into()));
    Some(warning)
}

/// Whether a path's own directory is one of these, links resolved.
fn is_inside(path: &Path, directories: &[PathBuf]) -> bool {
    let parent = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    parent.is_some_and(|parent| {
        directories.iter().any(|directory| fs::canonicalize(directory).is_ok_and(|directory| directory == parent))
    })
}

/// All bundles, by name.
#[derive(Clone, Debug, Default)]
pub struct Bundles {
    bundles: BTreeMap<String, Bundle>,
    diagnostics: Vec<Diagnostic>,
}

impl Bundles {
    /// Reads every bundle of directories that hold bundles; the earlier one wins by name. A directory that is not
    /// there counts as empty.
    pub fn load(directories: &[PathBuf], units: &mut UnitSet) -> Self {
        let mut bundles = Self::default();
        for directory in directories {
            match read_names(directory) {
                Ok(names) => names.iter().for_each(|name| bundles.add(&directory.join(name), name, units)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("unable to read the directory: {}", cause(&error));
                    bundles.diagnostics.push(Diagnostic::new(
                        Severity::Error,
                        Place::whole(directory.as_path()),
                        message,
                    ));
                }
            }
        }
        bundles
    }

    /// A bundle.
    pub fn get(&self, name: &str) -> Option<&Bundle> {
        self.bundles.get(name)
    }

    /// All of them.
    pub fn all(&self) -> &BTreeMap<String, Bundle> {
        &self.bundles
    }

    /// Everything that is wrong with bundles and their links.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    fn add(&mut self, path: &Path, name: &str, units: &mut UnitSet) {
        if self.bundles.contains_key(name) {
            return;
        }
        match Bundle::load(path, units) {
            Ok((bundle, mut diagnostics)) => {
                self.bundles.insert(name.into(), bundle);
                self.diagnostics.append(&mut diagnostics);
            }
            Err(diagnostic) => self.diagnostics.push(diagnostic),
        }
    }
}
