//! Units that no bundle brings in. Most are kept for some other day, so they are no errors; but who has forgotten to enable
//! one finds it here.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use units::{Bundles, Diagnostic, Place, Severity, Unit, UnitName, UnitSet};

use super::{Legible, members};
use crate::graph::Draft;

/// So many are told one by one.
const FEW: usize = 3;

/// Some of them.
pub(super) struct Unreachable<'a> {
    set: &'a UnitSet,
    units: Vec<&'a Unit>,
}

/// Those that are `own`: the distribution has many more units than a machine runs.
pub(super) fn find<'a>(set: &'a UnitSet, bundles: &Bundles, is_own: &dyn Fn(&Path) -> bool) -> Unreachable<'a> {
    let members: Vec<UnitName> = bundles.all().values().flat_map(members).collect();
    if members.is_empty() {
        return Unreachable { set, units: Vec::new() };
    }
    let legible = Legible(set);
    let draft = Draft::new(&legible, &members);
    let reached: HashSet<&UnitName> = (0..draft.len()).map(|unit| draft.name(unit)).collect();
    let is_left = |unit: &&Unit| is_own(&unit.place.file) && !reached.contains(&unit.name);
    Unreachable { set, units: set.legible().filter(is_left).collect() }
}

impl Unreachable<'_> {
    /// A warning for each; but one for all of them, about the directory that they are in, if there are more than a few.
    pub(super) fn told(&self, directory: Option<&Path>) -> Vec<Diagnostic> {
        match directory.filter(|_| self.units.len() > FEW) {
            Some(directory) => vec![self.summed_up(directory)],
            None => self.one_by_one(),
        }
    }

    fn summed_up(&self, directory: &Path) -> Diagnostic {
        let shown: Vec<&str> = self.units.iter().take(FEW).map(|unit| unit.name.as_str()).collect();
        let (shown, others) = (shown.join(", "), self.units.len() - FEW);
        let message = format!(
            "no bundle brings {shown} and {others} more in: sunup enable lets them start at boot (--json names all)"
        );
        Diagnostic::new(Severity::Warning, Place::whole(directory), message)
    }

    fn one_by_one(&self) -> Vec<Diagnostic> {
        let mut pulled_by: BTreeMap<&UnitName, &UnitName> = BTreeMap::new();
        for unit in &self.units {
            for edge in unit.needs.iter().chain(&unit.wants) {
                pulled_by.entry(&edge.unit).or_insert(&unit.name);
            }
        }
        self.units.iter().map(|unit| self.warning(unit, pulled_by.get(&unit.name).copied())).collect()
    }

    fn warning(&self, unit: &Unit, pulled_by: Option<&UnitName>) -> Diagnostic {
        let name = &unit.name;
        let message = match pulled_by {
            Some(other) => format!("no bundle brings {name} in, nor {other}, which would bring it in"),
            None => format!("no bundle brings {name} in: sunup enable {name} lets it start at boot"),
        };
        let snippet = self.set.snippet(&unit.place);
        Diagnostic { snippet, ..Diagnostic::new(Severity::Warning, unit.place.clone(), message) }
    }
}
