//! `sunup check`: everything wrong with units and bundles, before it hurts.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use units::{Bundles, Diagnostic, UnitName, UnitSet};

use super::failure::{Failure, Outcome};
use crate::graph::Draft;
use crate::system::places::Places;

/// Checks the files and directories in `paths`, or what is installed. Exit 1 if anything is wrong, warnings aside.
pub fn run(places: &Places, paths: &[PathBuf], out: &mut dyn Write) -> Outcome {
    if let Some(absent) = paths.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("{} does not exist", absent.display())));
    }
    let found = if paths.is_empty() { check_installed(places) } else { check_paths(places, paths) };
    let mut text = String::new();
    for diagnostic in &found {
        text += &format!("{diagnostic}\n");
    }
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(found.iter().any(Diagnostic::is_error)))
}

fn check_installed(places: &Places) -> Vec<Diagnostic> {
    let mut set = UnitSet::load(&places.unit_directories());
    let bundles = Bundles::load(&places.bundle_directories(), &mut set);
    let mut found = check_set(&set, None);
    found.extend(bundles.diagnostics().iter().cloned());
    found.extend(set.check_commands(Path::new("/")));
    sorted(found)
}

/// What is named is checked among its neighbours and the installed units, but only what is wrong with it is told.
fn check_paths(places: &Places, paths: &[PathBuf]) -> Vec<Diagnostic> {
    let directory = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf(),
    };
    let mut directories: Vec<PathBuf> = paths.iter().map(directory).collect::<BTreeSet<_>>().into_iter().collect();
    for installed in places.unit_directories() {
        if !directories.iter().any(|named| is_same(named, &installed)) {
            directories.push(installed);
        }
    }
    let (whole, files): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| path.is_dir());
    let is_asked = |file: &Path| {
        whole.iter().any(|directory| file.starts_with(directory)) || files.iter().any(|asked| is_same(file, asked))
    };
    let set = UnitSet::load(&directories);
    let commands = set.check_commands(Path::new("/"));
    let mut found = check_set(&set, Some(&is_asked));
    found.extend(commands.into_iter().filter(|diagnostic| is_asked(&diagnostic.place.file)));
    sorted(found)
}

/// Two names of one file.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

fn check_set(set: &UnitSet, is_asked: Option<&dyn Fn(&Path) -> bool>) -> Vec<Diagnostic> {
    let names: Vec<UnitName> = set.units().keys().cloned().collect();
    let draft = Draft::new(set, &names);
    let mut found: Vec<Diagnostic> = set.diagnostics().to_vec();
    found.extend(set.check());
    found.extend(draft.knots().iter().map(|knot| knot.diagnostic()));
    for diagnostic in &mut found {
        diagnostic.snippet = diagnostic.snippet.take().or_else(|| set.snippet(&diagnostic.place));
    }
    found.retain(|diagnostic| is_asked.is_none_or(|is_asked| is_asked(&diagnostic.place.file)));
    found
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    found.dedup();
    found
}
