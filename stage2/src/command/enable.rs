//! `sunup enable` and `sunup disable`: make and remove links of a bundle, and nothing else.
//!
//! What would make a cycle, or bring units together that conflict, is refused now and not discovered at boot.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;
use units::{Bundle, Bundles, Diagnostic, UnitName, UnitSet};

use super::failure::{Failure, Outcome};
use crate::graph::Draft;
use crate::system::places::{BUNDLES, Places};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The units.
    pub units: Vec<String>,
    /// The bundle.
    pub bundle: String,
    /// Only say what would be done.
    pub dry_run: bool,
    /// An array of objects instead of lines.
    pub json: bool,
}

/// One link that is to be made or removed, or is as it should be.
struct Change {
    unit: UnitName,
    link: PathBuf,
    /// What it leads to; none for one that is removed.
    target: Option<PathBuf>,
    is_needed: bool,
}

/// All units and bundles as they are.
struct System {
    set: UnitSet,
    bundles: Bundles,
}

impl System {
    fn load(places: &Places) -> Self {
        let mut set = UnitSet::load_with(&places.unit_directories(), &places.reading());
        let bundles = Bundles::load(&places.bundle_directories(), &mut set);
        Self { set, bundles }
    }

    /// The bundle, if links in it are the administrator's to make.
    fn bundle(&self, places: &Places, name: &str) -> Result<&Bundle, Failure> {
        let Some(bundle) = self.bundles.get(name) else {
            let directory = places.etc.join(BUNDLES).join(name);
            let hint = self.bundles.did_you_mean(name);
            let message = format!("no bundle is named '{name}'{hint}: mkdir {} makes one", directory.display());
            return Err(Failure::usage(message));
        };
        if !bundle.directory.starts_with(&places.etc) {
            let message = format!("{} is the distribution's: copy it to", bundle.directory.display());
            return Err(Failure::usage(format!("{message} {} first", places.etc.join(BUNDLES).display())));
        }
        Ok(bundle)
    }

    /// The file in which a unit is defined; what is wrong with it is a reason to refuse.
    fn file(&mut self, name: &UnitName) -> Result<PathBuf, Failure> {
        self.set.provide(name);
        if let Some(errors) = self.set.broken().get(name) {
            let first = errors.first().map(Diagnostic::summary).unwrap_or_default();
            return Err(Failure { message: format!("'{name}' has errors: {first}"), code: 1 });
        }
        match self.set.get(name.as_str()) {
            Some(unit) => Ok(unit.place.file.to_path_buf()),
            None => Err(Failure::usage(format!("no unit is named '{name}'{}", self.set.did_you_mean(name.as_str())))),
        }
    }

    /// Cycles and clashes of a bundle with these members.
    fn report(&self, members: &[UnitName]) -> Vec<Diagnostic> {
        let draft = Draft::new(&self.set, members);
        let mut found: Vec<Diagnostic> = draft.knots().iter().map(|knot| knot.diagnostic()).collect();
        let (graph, _) = draft.cut();
        let named: Vec<usize> = members.iter().filter_map(|name| graph.index(name.as_str())).collect();
        found.extend(graph.clashes(&named).into_iter().map(|clash| clash.diagnostic));
        found
    }
}

/// Links the units into the bundle. Exit 1 if that is refused: a unit is broken, or would close a cycle.
pub fn enable(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let names = names(asked)?;
    let mut system = System::load(places);
    let directory = system.bundle(places, &asked.bundle)?.directory.clone();
    let mut changes = Vec::new();
    for unit in names {
        let target = system.file(&unit)?;
        let is_member = |bundle: &Bundle| bundle.members.iter().any(|member| member.unit == unit);
        let is_needed = !system.bundle(places, &asked.bundle).is_ok_and(is_member);
        let link = directory.join(format!("{unit}.yaml"));
        changes.push(Change { unit, link, target: Some(target), is_needed });
    }
    let old: Vec<UnitName> =
        system.bundle(places, &asked.bundle)?.members.iter().map(|member| member.unit.clone()).collect();
    let new: Vec<UnitName> =
        old.iter().cloned().chain(changes.iter().filter(|c| c.is_needed).map(|c| c.unit.clone())).collect();
    let before = system.report(&old);
    let refused: Vec<Diagnostic> =
        system.report(&new).into_iter().filter(|one| !before.iter().any(|old| old.message == one.message)).collect();
    if !refused.is_empty() {
        refused.iter().for_each(|diagnostic| eprintln!("{diagnostic}"));
        return Err(Failure { message: "not enabled: units would wait for each other, or conflict".into(), code: 1 });
    }
    act(asked, "enable", &changes, out)
}

/// Removes the units' links from the bundle. One that is not in it is left as it is.
pub fn disable(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let names = names(asked)?;
    let system = System::load(places);
    let bundle = system.bundle(places, &asked.bundle)?;
    let change = |unit: UnitName| {
        let here = |place: &&units::Edge| place.place.file.parent() == Some(&bundle.directory);
        let member = bundle.members.iter().filter(here).find(|member| member.unit == unit);
        let link = member
            .map_or_else(|| bundle.directory.join(format!("{unit}.yaml")), |member| member.place.file.to_path_buf());
        Change { is_needed: member.is_some(), unit, link, target: None }
    };
    let changes: Vec<Change> = names.into_iter().map(change).collect();
    if let Some(unknown) = changes.iter().find(|c| !c.is_needed && !system.set.is_defined(c.unit.as_str())) {
        let (name, hint) = (&unknown.unit, system.set.did_you_mean(unknown.unit.as_str()));
        return Err(Failure::usage(format!("no unit is named '{name}'{hint}")));
    }
    act(asked, "disable", &changes, out)
}

fn names(asked: &Asked) -> Result<Vec<UnitName>, Failure> {
    UnitName::new(&asked.bundle).map_err(|message| Failure::usage(format!("no bundle: {message}")))?;
    asked.units.iter().map(|name| UnitName::new(name).map_err(Failure::usage)).collect()
}

/// Makes the changes that are needed, unless this is only to be shown, and tells each.
fn act(asked: &Asked, verb: &str, changes: &[Change], out: &mut dyn Write) -> Outcome {
    for change in changes.iter().filter(|change| change.is_needed && !asked.dry_run) {
        let (what, done) = match &change.target {
            Some(target) => ("make", symlink(target, &change.link)),
            None => ("remove", remove(&change.link)),
        };
        done.map_err(|e| Failure::unable(format!("{what} the link {}", change.link.display()), e))?;
    }
    let text = match asked.json {
        true => format!("{:#}\n", changes.iter().map(|change| change.json(asked, verb)).collect::<serde_json::Value>()),
        false => changes.iter().map(|change| change.line(asked)).collect(),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn remove(link: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(link)?.is_symlink() {
        return Err(io::Error::other("it is no link"));
    }
    fs::remove_file(link)
}

impl Change {
    fn line(&self, asked: &Asked) -> String {
        let Self { unit, link, target, is_needed } = self;
        let (bundle, link) = (&asked.bundle, link.display());
        let would = if asked.dry_run { "would be " } else { "" };
        match (target, is_needed) {
            (Some(_), false) => format!("{unit}: is in {bundle} already\n"),
            (None, false) => format!("{unit}: is not in {bundle}\n"),
            (Some(target), true) => format!("{unit}: {would}linked: {link} -> {}\n", target.display()),
            (None, true) => format!("{unit}: {would}unlinked: {link}\n"),
        }
    }

    fn json(&self, asked: &Asked, verb: &str) -> serde_json::Value {
        json!({"v": 1, "verb": verb, "unit": self.unit.as_str(), "bundle": asked.bundle,
               "link": self.link.display().to_string(),
               "target": self.target.as_ref().map(|target| target.display().to_string()),
               "changed": self.is_needed && !asked.dry_run})
    }
}
