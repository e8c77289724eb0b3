//! A bundle: a directory of symbolic links, each of which names a unit.
//!
//! A link's target counts only when it lies outside the unit directories; what it may be there is told in
//! [`target`]. A unit directory's own definition of the link's name wins.

mod target;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::reading::read_names;
use crate::source::cause;
use crate::text::did_you_mean;
use crate::{Diagnostic, Edge, Place, Severity, UnitName, UnitSet};
use target::Target;

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

/// How deep bundles may stand in bundles.
const DEEPEST: usize = 16;

impl Bundle {
    /// Reads a directory of links. Units that links bring from elsewhere go into `units`. With it comes everything that
    /// is wrong with single links, which cost only their own members; the error is for the directory as a whole.
    pub fn load(directory: &Path, units: &mut UnitSet) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        Self::load_inside(directory, units, &mut Vec::new())
    }

    /// The bundle of one link alone, as the directory that it is in would have it, and what is wrong with it.
    pub fn of_link(link: &Path, units: &mut UnitSet) -> (Self, Vec<Diagnostic>) {
        let bundle = Self::empty(link.parent().unwrap_or(Path::new("")));
        let mut outer = vec![real(&bundle.directory)];
        let contribution = bundle.contribution(&name_of(link), units, &mut outer);
        bundle.with(contribution)
    }

    /// Whether a path is an init script or a service directory: what a link may lead to, and is no file of a unit.
    pub fn is_target(path: &Path) -> bool {
        target::is_target(path)
    }

    /// The bundle of one link to this: an init script or a service directory. That another unit is there in its place is
    /// told, as everything that is wrong with it.
    pub fn of_target(target: &Path, units: &mut UnitSet) -> (Self, Vec<Diagnostic>) {
        let bundle = Self::empty(target.parent().unwrap_or(Path::new("")));
        let place = Place::whole(target);
        let contribution = match UnitName::new(&name_of(target)) {
            Ok(unit) => match target::by_itself(target, &unit, units) {
                Target::Nobody(why) => Contribution::nothing(Severity::Warning, place, &format!("not read: {why}")),
                found => Self::admit(unit, place, found, units, &mut Vec::new()),
            },
            Err(message) => Contribution::nothing(Severity::Error, place, &message),
        };
        bundle.with(contribution)
    }

    fn empty(directory: &Path) -> Self {
        Self { name: name_of(directory), directory: directory.into(), members: Vec::new() }
    }

    fn with(self, contribution: Contribution) -> (Self, Vec<Diagnostic>) {
        let Contribution { members, diagnostics } = contribution;
        (Self { members, ..self }, diagnostics)
    }

    /// Whether a directory is one: it holds links, and nothing else that a bundle would look at.
    pub fn is_at(directory: &Path) -> bool {
        let bundle = Self::empty(directory);
        let is_link = |link: &String| directory.join(link).is_symlink();
        let names = read_names(directory).unwrap_or_default();
        let mut counting = names.iter().filter(|link| bundle.stem(link, is_link(link)).is_some()).peekable();
        counting.peek().is_some() && counting.all(is_link)
    }

    /// `outer`: the bundles that this one stands in.
    fn load_inside(
        directory: &Path,
        units: &mut UnitSet,
        outer: &mut Vec<PathBuf>,
    ) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let names = read_names(directory).map_err(|error| {
            let message = format!("unable to read the bundle: {}", cause(&error));
            Diagnostic::new(Severity::Error, Place::whole(directory), message)
        })?;
        let mut bundle = Self::empty(directory);
        let mut diagnostics = Vec::new();
        let mut seen = HashSet::new();
        outer.push(real(directory));
        for link in names {
            let Contribution { members, diagnostics: mut said } = bundle.contribution(&link, units, outer);
            diagnostics.append(&mut said);
            bundle.members.extend(members.into_iter().filter(|member| seen.insert(member.unit.clone())));
        }
        outer.pop();
        Ok((bundle, diagnostics))
    }

    /// What a link contributes: members, and what is wrong with it.
    fn contribution(&self, link: &str, units: &mut UnitSet, outer: &mut Vec<PathBuf>) -> Contribution {
        let path = self.directory.join(link);
        let place = Place::whole(path.as_path());
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        let Some(stem) = self.stem(link, is_link) else { return Contribution::default() };
        let unit = match UnitName::new(stem) {
            Ok(unit) if is_link => unit,
            Ok(_) => {
                return Contribution::nothing(
                    Severity::Error,
                    place,
                    "is not a symbolic link: a bundle has nothing else",
                );
            }
            Err(message) => return Contribution::nothing(Severity::Error, place, &message),
        };
        let target = target::follow(&path, &unit, units);
        Self::admit(unit, place, target, units, outer)
    }

    /// What is contributed at a place that leads to a target, which would be this unit.
    fn admit(
        unit: UnitName,
        place: Place,
        target: Target,
        units: &mut UnitSet,
        outer: &mut Vec<PathBuf>,
    ) -> Contribution {
        match target {
            Target::Unit(unit) => Contribution { members: vec![Edge { unit, place }], diagnostics: Vec::new() },
            Target::Odd(diagnostic) => {
                if diagnostic.is_error() {
                    units.add_broken(&unit, &diagnostic);
                }
                Contribution { members: vec![Edge { unit, place }], diagnostics: vec![diagnostic] }
            }
            Target::Nobody(_) => Contribution::default(),
            Target::Bundle(directory) if outer.contains(&directory) => {
                Contribution::nothing(Severity::Error, place, "the bundle is in itself")
            }
            Target::Bundle(_) if outer.len() >= DEEPEST => {
                Contribution::nothing(Severity::Error, place, "bundles in bundles, nested too deeply")
            }
            Target::Bundle(directory) => match Self::load_inside(&directory, units, outer) {
                Ok((bundle, diagnostics)) => Contribution { members: bundle.members, diagnostics },
                Err(diagnostic) => Contribution { members: Vec::new(), diagnostics: vec![diagnostic] },
            },
        }
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
    members: Vec<Edge>,
    diagnostics: Vec<Diagnostic>,
}

impl Contribution {
    /// No member, and why.
    fn nothing(severity: Severity, place: Place, why: &str) -> Self {
        Self { members: Vec::new(), diagnostics: vec![Diagnostic::new(severity, place, why)] }
    }
}

/// The last part of a path, whose own it is where it ends with dots.
fn name_of(path: &Path) -> String {
    let own = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    own(path)
        .or_else(|| own(&real(if path.as_os_str().is_empty() { Path::new(".") } else { path })))
        .unwrap_or_default()
}

/// Without links, where that can be seen.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.into())
}

/// `rc0.d` to `rc6.d` and `rcS.d`.
fn is_run_level(name: &str) -> bool {
    matches!(name.as_bytes(), [b'r', b'c', b'0'..=b'6' | b'S', b'.', b'd'])
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

    /// ` (did you mean "default"?)` where a bundle's name is near, else nothing.
    pub fn did_you_mean(&self, name: &str) -> String {
        did_you_mean(name, self.bundles.keys().map(String::as_str))
    }

    /// The sentence that no unit or bundle has this name, with the one that was probably meant.
    pub fn unknown(&self, units: &UnitSet, name: &str) -> String {
        let hint = Some(units.did_you_mean(name)).filter(|hint| !hint.is_empty());
        let hint = hint.unwrap_or_else(|| self.did_you_mean(name));
        format!("no unit or bundle is named '{name}'{hint}")
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
