//! What is asked for by name, as a graph: units and bundles are loaded afresh for every request, so that it sees the
//! files as they are now.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use units::{Bundle, Bundles, Diagnostic, Reading, Unit, UnitName, UnitSet};

use crate::graph::{Cut, Draft, Graph, UnitIndex};

/// The milestone behind which units have loggers of their own: /var/log is there.
const LOCAL: &str = "local";

/// Where units and bundles come from; the winning directory first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Directories of units.
    pub units: Vec<PathBuf>,
    /// Directories of bundles.
    pub bundles: Vec<PathBuf>,
    /// What units are read with.
    pub reading: Reading,
    /// The cache of units that were checked earlier; `None`: every file is read.
    pub cache: Option<PathBuf>,
}

/// One name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it was asked for.
    pub name: String,
    /// It is a bundle.
    pub is_bundle: bool,
    /// The unit, or the bundle's.
    pub units: Vec<UnitIndex>,
}

/// Everything that a request is about.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// All units and what is wrong with them.
    pub set: UnitSet,
    /// Those that the request is about.
    pub graph: Graph,
    /// The names that were asked for.
    pub named: Vec<Named>,
    /// Edges that were left out, because of cycles.
    pub cuts: Vec<Cut>,
    /// Names that do not exist, links that lead nowhere.
    pub complaints: Vec<Diagnostic>,
    after_local: HashSet<UnitName>,
}

impl Target {
    /// Resolves names: a path is a directory of links; else a unit, else a bundle. `others` are units that the graph
    /// shall know besides, even if there is no file of theirs any more: one that is up can still be stopped. The error
    /// names what is unknown.
    pub fn load(sources: &Sources, names: &[String], others: &[String]) -> Result<Self, String> {
        Self::load_with(sources, names, others, &[])
    }

    /// As [`Target::load`], but `others` may be named as well.
    pub fn load_to_stop(sources: &Sources, names: &[String], others: &[String]) -> Result<Self, String> {
        Self::load_with(sources, names, others, others)
    }

    fn load_with(sources: &Sources, names: &[String], others: &[String], known: &[String]) -> Result<Self, String> {
        let mut set = UnitSet::load_cached(&sources.units, &sources.reading, sources.cache.as_deref());
        let bundles = Bundles::load(&sources.bundles, &mut set);
        let mut complaints = bundles.diagnostics().to_vec();
        let mut found = Vec::new();
        for name in names {
            let found_here = resolve(name, &mut set, &bundles, &mut complaints);
            let is_known = known.contains(name) && found_here.is_err();
            found.push(if is_known { (name.clone(), false, vec![UnitName::new(name)?]) } else { found_here? });
        }
        let mut roots: Vec<UnitName> = found.iter().flat_map(|(_, _, units)| units.clone()).collect();
        roots.extend(others.iter().filter_map(|name| UnitName::new(name).ok()));
        let draft = Draft::new(&set, &roots);
        complaints.extend_from_slice(draft.complaints());
        let (graph, cuts) = draft.cut();
        let named = found.into_iter().map(|(name, is_bundle, units)| {
            let units = units.iter().filter_map(|unit| graph.index(unit.as_str())).collect();
            Named { name, is_bundle, units }
        });
        let named = named.collect();
        Ok(Self { after_local: after(LOCAL, &set), set, graph, named, cuts, complaints })
    }

    /// The units that were asked for, each once.
    pub fn units(&self) -> Vec<UnitIndex> {
        let mut seen = HashSet::new();
        self.named.iter().flat_map(|named| &named.units).copied().filter(|unit| seen.insert(*unit)).collect()
    }

    /// A unit comes after `local`, by whatever way.
    pub fn is_after_local(&self, unit: &UnitName) -> bool {
        self.after_local.contains(unit)
    }
}

type Found = (String, bool, Vec<UnitName>);

fn resolve(
    name: &str,
    set: &mut UnitSet,
    bundles: &Bundles,
    complaints: &mut Vec<Diagnostic>,
) -> Result<Found, String> {
    let members = |bundle: &Bundle| bundle.members.iter().map(|edge| edge.unit.clone()).collect();
    if name.contains('/') {
        let (bundle, found) = Bundle::load(Path::new(name), set).map_err(|error| error.summary())?;
        complaints.extend(found);
        return Ok((name.into(), true, members(&bundle)));
    }
    if bundles.get(name).is_none()
        && let Ok(unit) = UnitName::new(name)
    {
        set.provide(&unit);
    }
    if set.get(name).is_some() || set.broken().contains_key(name) {
        return UnitName::new(name).map(|unit| (name.into(), false, vec![unit]));
    }
    match bundles.get(name) {
        Some(bundle) => Ok((name.into(), true, members(bundle))),
        None if !set.providers(name).is_empty() => UnitName::new(name).map(|unit| (name.into(), false, vec![unit])),
        None => Err(bundles.unknown(set, name)),
    }
}

/// All units that come after one, in turn.
fn after(first: &str, set: &UnitSet) -> HashSet<UnitName> {
    let mut later: std::collections::HashMap<&str, Vec<&Unit>> = std::collections::HashMap::new();
    for unit in set.units().values() {
        for edge in unit.needs.iter().chain(&unit.wants).chain(&unit.after) {
            later.entry(edge.unit.as_str()).or_default().push(unit);
        }
        for edge in &unit.before {
            let other = set.get(edge.unit.as_str());
            later.entry(unit.name.as_str()).or_default().extend(other.map(AsRef::as_ref));
        }
    }
    let mut found = HashSet::new();
    let mut stack = vec![first];
    while let Some(name) = stack.pop() {
        for unit in later.get(name).into_iter().flatten() {
            if found.insert(unit.name.clone()) {
                stack.push(unit.name.as_str());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever way leads to it, a unit behind `local` is found; `local` itself and what is before it are not.
    #[test]
    fn after_local() {
        let set = UnitSet::from_texts(&[
            ("/u/local.yaml", "kind: milestone\nneeds: [root]\n"),
            ("/u/root.yaml", "kind: milestone\n"),
            ("/u/dbus.yaml", "kind: milestone\nneeds: [local]\n"),
            ("/u/app.yaml", "kind: milestone\nafter: [dbus]\nbefore: [last]\n"),
            ("/u/last.yaml", "kind: milestone\n"),
        ]);
        let mut found: Vec<_> = after(LOCAL, &set).iter().map(UnitName::to_string).collect();
        found.sort();
        assert_eq!(found, ["app", "dbus", "last"]);
    }
}
