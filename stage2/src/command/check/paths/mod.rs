//! `sunup check PATH…`: what is named is checked among its neighbours and the installed units, but only what is wrong with it
//! is told.

mod directory;

use std::collections::{BTreeSet, HashSet};
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use units::{Bundle, DROP_INS, Diagnostic, Place, Settings, Severity, UnitName, UnitSet};

use directory::Directory;

use super::{Legible, check_set, members, sorted, together};
use crate::command::progress::Progress;
use crate::graph::Draft;
use crate::system::places::{BUNDLES, Places, SETTINGS, UNITS};

/// What paths name.
#[derive(Default)]
struct Asked {
    /// Unit directories, and files in them.
    units: Vec<PathBuf>,
    /// Directories of links.
    bundles: Vec<PathBuf>,
    /// Single links.
    links: Vec<PathBuf>,
    /// What links could lead to: init scripts and service directories.
    targets: Vec<PathBuf>,
    /// Global settings.
    settings: Vec<PathBuf>,
    /// What nobody would read.
    unread: Vec<PathBuf>,
}

/// Checks what paths name. A directory may be one of units, drop-ins or bundles, a bundle, or all that an administrator has.
pub(super) fn check(places: &Places, paths: &[PathBuf]) -> Vec<Diagnostic> {
    let mut asked = Asked::default();
    paths.iter().for_each(|path| asked.add(path));
    let mut found: Vec<Diagnostic> = asked.unread.iter().map(|path| unread(path)).collect();
    let mut settings = places.settings().0;
    for file in &asked.settings {
        let (read, wrong) = Settings::load(file);
        settings = read;
        found.extend(wrong);
    }
    let directories = asked.directories(places);
    let progress = Progress::begin("reading units");
    let mut set = UnitSet::load_with(&directories, &settings.reading());
    let (bundles, single) = asked.bring_in(&mut set, &mut found);
    progress.tell("comparing units");
    let files = files(&set, brought_in(&set, &bundles).into_iter().chain(single));
    let is_asked = |file: &Path| asked.has(file) || files.contains(file);
    found.extend(check_set(&set, Some(&is_asked), &is_asked));
    found.extend(together(&set, &bundles));
    mem::forget(set);
    sorted(found)
}

impl Asked {
    fn add(&mut self, path: &Path) {
        if Directory::is_in_bundle(path) {
            return self.links.push(path.into());
        }
        if !path.is_dir() {
            return self.add_file(path);
        }
        match Directory::of(path) {
            Directory::Units => self.units.push(path.into()),
            Directory::Bundle => self.bundles.push(path.into()),
            Directory::Bundles => self.add_bundles(path),
            Directory::Whole => {
                let part = |name| Some(path.join(name)).filter(|part| part.exists());
                self.units.extend(part(UNITS));
                self.settings.extend(part(SETTINGS));
                part(BUNDLES).iter().for_each(|bundles| self.add_bundles(bundles));
            }
            Directory::Service => self.targets.push(path.into()),
            Directory::Targets => {
                self.targets.extend(directory::entries(path).into_iter().filter(|it| Bundle::is_target(it)))
            }
            Directory::Unread => self.unread.push(path.into()),
        }
    }

    fn add_file(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let place = match &*name {
            SETTINGS => &mut self.settings,
            name if name.ends_with(".yaml") && !name.starts_with('.') => &mut self.units,
            _ if Bundle::is_target(path) => &mut self.targets,
            _ => &mut self.unread,
        };
        place.push(path.into());
    }

    /// What is no bundle there is told when it is read as one.
    fn add_bundles(&mut self, path: &Path) {
        self.bundles.extend(directory::entries(path));
    }

    /// The directories that all of it is in, before those that are installed.
    fn directories(&self, places: &Places) -> Vec<PathBuf> {
        let mut directories: Vec<PathBuf> =
            self.units.iter().map(|path| unit_directory(path)).collect::<BTreeSet<_>>().into_iter().collect();
        for installed in places.unit_directories() {
            if !directories.iter().any(|named| is_same_directory(named, &installed)) {
                directories.push(installed);
            }
        }
        directories
    }

    /// The bundles, and the units that single links and their targets are, with what is wrong with them.
    fn bring_in(&self, set: &mut UnitSet, found: &mut Vec<Diagnostic>) -> (Vec<Bundle>, Vec<UnitName>) {
        let mut bundles = Vec::new();
        for directory in &self.bundles {
            match Bundle::load(directory, set) {
                Ok((bundle, wrong)) => {
                    bundles.push(bundle);
                    found.extend(wrong);
                }
                Err(wrong) => found.push(wrong),
            }
        }
        let mut single = Vec::new();
        let mut add = |(bundle, wrong): (Bundle, Vec<Diagnostic>)| {
            single.extend(members(&bundle));
            found.extend(wrong);
        };
        self.links.iter().for_each(|link| add(Bundle::of_link(link, set)));
        self.targets.iter().for_each(|target| add(Bundle::of_target(target, set)));
        (bundles, single)
    }

    fn has(&self, file: &Path) -> bool {
        let is_in = |path: &PathBuf| is_below(file, path) || is_same_file(file, path);
        self.units.iter().chain(&self.bundles).any(is_in)
    }
}

/// The unit directory that a path is, or is in.
fn unit_directory(path: &Path) -> PathBuf {
    let directory = if path.is_dir() { path } else { parent(path) };
    let is_of_drop_ins = directory.to_string_lossy().ends_with(DROP_INS);
    if is_of_drop_ins { parent(directory).into() } else { directory.into() }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// All units that bundles bring in.
fn brought_in(set: &UnitSet, bundles: &[Bundle]) -> Vec<UnitName> {
    let members: Vec<UnitName> = bundles.iter().flat_map(members).collect();
    let legible = Legible(set);
    let draft = Draft::new(&legible, &members);
    (0..draft.len()).map(|unit| draft.name(unit).clone()).collect()
}

/// The files of units, and those in which something is wrong with them.
fn files(set: &UnitSet, units: impl Iterator<Item = UnitName>) -> HashSet<PathBuf> {
    let places = |unit: UnitName| {
        let own = set.get(unit.as_str()).or_else(|| set.remains(unit.as_str())).map(|unit| unit.place.clone());
        let errors = set.broken().get(&unit).into_iter().flatten().map(|error| error.place.clone());
        own.into_iter().chain(errors).collect::<Vec<_>>()
    };
    units.flat_map(places).map(|place| place.file.to_path_buf()).collect()
}

fn unread(path: &Path) -> Diagnostic {
    let message = match path.is_dir() {
        true => "not read: neither units nor links to them, no service directory, and no init scripts",
        false => {
            "not read: the name of a unit file ends with .yaml and begins with no dot, and an init script has an LSB header or \
             is a program in init.d"
        }
    };
    Diagnostic::new(Severity::Error, Place::whole(path), message)
}

/// Whether a file is below a directory, as nearly every unit is by its very name.
fn is_below(file: &Path, directory: &Path) -> bool {
    let rest = file.as_os_str().as_bytes().strip_prefix(directory.as_os_str().as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/")) || file.starts_with(directory)
}

/// Two names of one file, which may be a link that leads nowhere.
fn is_same_file(a: &Path, b: &Path) -> bool {
    a == b || (a.file_name() == b.file_name() && is_same_directory(parent(a), parent(b)))
}

fn is_same_directory(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
