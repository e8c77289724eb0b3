//! What a link in a bundle leads to.
//!
//! Inside the unit directories only the link's name counts. Outside it may lead to a YAML file, a service directory of
//! daemontools, runit or s6, an init script, or another bundle.

use std::fs;
use std::path::{Path, PathBuf};

use crate::import::world::{Ours, ours};
use crate::import::{is_init_script, is_program};
use crate::source::cause;
use crate::text::quoted;
use crate::{Diagnostic, Place, Severity, UnitName, UnitSet};

/// What a link brings into its bundle.
pub(super) enum Target {
    /// This unit.
    Unit(UnitName),
    /// The unit of the link's name, with something to be said of it.
    Odd(Diagnostic),
    /// All members of another bundle.
    Bundle(PathBuf),
    /// Nothing, because somebody else does what the script did: who.
    Nobody(String),
}

/// Sees where a link leads, and brings in what is there if it counts.
pub(super) fn follow(link: &Path, unit: &UnitName, units: &mut UnitSet) -> Target {
    let odd = |severity, message: String| Target::Odd(Diagnostic::new(severity, Place::whole(link), message));
    let target = match fs::read_link(link) {
        Ok(target) => link.parent().unwrap_or(Path::new("")).join(target),
        Err(error) => return odd(Severity::Error, format!("unable to read the link: {}", cause(&error))),
    };
    if is_inside(&target, units.directories()) {
        // A template is there, but it is no unit by itself.
        return match units.provide(unit) && !unit.is_template() {
            true => Target::Unit(unit.clone()),
            false => {
                let hint = units.did_you_mean(unit.as_str());
                let name = quoted(unit.as_str());
                odd(Severity::Error, format!("the unit directories have no unit {name}{hint}"))
            }
        };
    }
    let shown = quoted(&target.to_string_lossy());
    let is_defined = units.is_defined(unit.as_str());
    let file = match fs::canonicalize(&target) {
        Ok(file) => file,
        Err(error) => {
            let severity = if is_defined { Severity::Warning } else { Severity::Error };
            return odd(severity, format!("dangling link to {shown}: {}", cause(&error)));
        }
    };
    let is_yaml = target.extension().is_some_and(|extension| extension == "yaml");
    match file.is_dir() {
        true if is_service_directory(&file) => bring_in_directory(&file, unit, units, link),
        true => Target::Bundle(file),
        false if is_yaml => bring_in(&file, unit, units, link),
        false => bring_in_script(&file, unit, units).unwrap_or_else(|| {
            odd(Severity::Error, format!("a link to {shown}, which is neither a unit nor an init script"))
        }),
    }
}

/// What a link to an init script or a service directory would bring in, but not another unit in its place.
pub(super) fn by_itself(path: &Path, unit: &UnitName, units: &mut UnitSet) -> Target {
    let wrong = |message: &str| Target::Odd(Diagnostic::new(Severity::Error, Place::whole(path), message));
    let file = match fs::canonicalize(path) {
        Ok(file) => file,
        Err(error) => return wrong(&format!("unable to read: {}", cause(&error))),
    };
    if file.is_dir() {
        return bring_in_directory(&file, unit, units, path);
    }
    match bring_in_script(&file, unit, units) {
        Some(Target::Unit(unit)) => match units.definition(unit.as_str()) {
            Some(definition) if *definition.file != *file => {
                let (unit, definition) = (quoted(unit.as_str()), definition.file.display());
                Target::Nobody(format!("the unit {unit} ({definition}) is there in its place"))
            }
            _ => Target::Unit(unit),
        },
        Some(other) => other,
        None => wrong("not read: no init script that can be executed"),
    }
}

/// Whether a path is an init script or a service directory.
pub(super) fn is_target(path: &Path) -> bool {
    if path.is_dir() { is_service_directory(path) } else { is_init_script(path) }
}

/// Whether a directory is meant for supervise. A `run` that leads nowhere is an error in one, and makes it nothing else.
fn is_service_directory(directory: &Path) -> bool {
    directory.join("run").symlink_metadata().is_ok()
}

/// Reads a YAML file from elsewhere as a unit, unless that is defined already.
fn bring_in(file: &Path, unit: &UnitName, units: &mut UnitSet, link: &Path) -> Target {
    match units.definition(unit.as_str()) {
        Some(definition) if *definition.file == *file => {}
        Some(definition) => return Target::Odd(not_read(file, definition, link)),
        None => units.add_file(file, unit),
    }
    Target::Unit(unit.clone())
}

/// Takes a service directory from elsewhere as a unit, unless that is defined already.
fn bring_in_directory(directory: &Path, unit: &UnitName, units: &mut UnitSet, link: &Path) -> Target {
    match units.definition(unit.as_str()) {
        Some(definition) if *definition.file == *directory => {}
        Some(definition) => return Target::Odd(not_read(directory, definition, link)),
        None => units.add_service_directory(directory, unit),
    }
    Target::Unit(unit.clone())
}

fn not_read(file: &Path, definition: &Place, link: &Path) -> Diagnostic {
    let message = format!("{} is not read, because the unit is defined already", quoted(&file.to_string_lossy()));
    let mut warning = Diagnostic::new(Severity::Warning, Place::whole(link), message);
    warning.related.push((definition.clone(), "the definition that counts".into()));
    warning
}

/// The unit of an init script: the one that sunup has in its place, or what the importer makes of it.
fn bring_in_script(script: &Path, unit: &UnitName, units: &mut UnitSet) -> Option<Target> {
    if units.is_defined(unit.as_str()) {
        return Some(Target::Unit(unit.clone()));
    }
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    match ours(name.strip_suffix(".sh").unwrap_or(&name)) {
        Some(Ours::Stage(why)) => return Some(Target::Nobody(why.into())),
        Some(Ours::Unit(ours)) if units.is_defined(ours) => return UnitName::new(ours).ok().map(Target::Unit),
        Some(Ours::Unit(_)) | None => {}
    }
    units.add_scripts(script.parent().filter(|_| is_program(script))?);
    let imported = UnitName::new(&name).ok().filter(|name| units.provide(name))?;
    Some(Target::Unit(imported))
}

/// Whether a path's own directory is one of these, links resolved.
fn is_inside(path: &Path, directories: &[PathBuf]) -> bool {
    let Some(parent) = path.parent() else { return false };
    // As a rule it is named as it is there; then the filesystem need not be asked.
    directories.iter().any(|directory| directory == parent)
        || fs::canonicalize(parent).is_ok_and(|parent| {
            directories.iter().any(|directory| fs::canonicalize(directory).is_ok_and(|directory| directory == parent))
        })
}
