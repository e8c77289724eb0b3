//! Units that one transaction brings in and that are never up together.

use std::collections::VecDeque;

use units::{Diagnostic, Place, Severity};

use super::{Graph, Problem, UnitIndex};

/// Two units that are asked for together, named or pulled in, and conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The one that is kept where one must give way.
    pub kept: UnitIndex,
    /// The one that gives way: what is only wanted before what is needed or named, then the later one by name.
    pub loser: UnitIndex,
    /// Both units, where it is said that they conflict, and why each is brought in.
    pub diagnostic: Diagnostic,
}

/// Why a unit is in a transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Outside,
    Wanted(UnitIndex),
    Needed(UnitIndex),
    Named,
}

impl Graph {
    /// The clashes among what is named and all that it brings in, by the units' names.
    pub fn clashes(&self, named: &[UnitIndex]) -> Vec<Clash> {
        if self.conflicts.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let reasons = self.reasons(named);
        let mut clashes = Vec::new();
        for one in 0..self.len() {
            let others = self.conflicts(one).iter().filter(|conflict| one < conflict.unit);
            for conflict in others.filter(|conflict| reasons[one].min(reasons[conflict.unit]) > Reason::Outside) {
                clashes.push(self.clash(one, conflict.unit, &conflict.place, &reasons));
            }
        }
        clashes.sort_by_key(|clash| (self.name(clash.kept), self.name(clash.loser)));
        clashes
    }

    /// Lets the loser of a clash fail without being tried, where the other one must come up in any case: at boot.
    pub fn give_way(&mut self, clash: &Clash) {
        let kept = self.vertices[clash.kept].name.clone();
        self.vertices[clash.loser].problem.get_or_insert(Problem::Conflicts(kept));
    }

    /// Why each unit is in; what pulls it in most strongly counts, then what comes first.
    fn reasons(&self, named: &[UnitIndex]) -> Vec<Reason> {
        let mut reasons = vec![Reason::Outside; self.len()];
        let mut queue: VecDeque<UnitIndex> = named.iter().copied().collect();
        named.iter().for_each(|&unit| reasons[unit] = Reason::Named);
        while let Some(unit) = queue.pop_front() {
            for &other in self.pulls(unit) {
                let is_needed = |text: &units::Unit| text.needs.iter().any(|edge| self.means(&edge.unit, other));
                let reason = match self.vertices[unit].unit.as_deref().is_some_and(is_needed) {
                    true => Reason::Needed(unit),
                    false => Reason::Wanted(unit),
                };
                if reasons[other] == Reason::Outside {
                    queue.push_back(other);
                }
                if matches!(reasons[other], Reason::Outside | Reason::Wanted(_))
                    && !matches!((reasons[other], reason), (Reason::Wanted(_), Reason::Wanted(_)))
                {
                    reasons[other] = reason;
                }
            }
        }
        reasons
    }

    /// Whether a name in a unit's text means this unit.
    fn means(&self, name: &units::UnitName, unit: UnitIndex) -> bool {
        let vertex = &self.vertices[unit];
        let provides = |text: &units::Unit| text.provides.iter().any(|(provided, _)| provided == name);
        vertex.name == *name || vertex.unit.as_deref().is_some_and(provides)
    }

    fn clash(&self, one: UnitIndex, other: UnitIndex, place: &Place, reasons: &[Reason]) -> Clash {
        let rank = |unit: UnitIndex| (matches!(reasons[unit], Reason::Wanted(_)), self.name(unit));
        let (kept, loser) = if rank(one) <= rank(other) { (one, other) } else { (other, one) };
        let message = format!("{} conflicts with {}, and both are asked for", self.name(kept), self.name(loser));
        let mut diagnostic = Diagnostic::new(Severity::Error, place.clone(), message);
        diagnostic.related = [kept, loser].iter().filter_map(|&unit| self.why(unit, reasons[unit])).collect();
        Clash { kept, loser, diagnostic }
    }

    /// Where and by whom a unit is brought in.
    fn why(&self, unit: UnitIndex, reason: Reason) -> Option<(Place, String)> {
        let name = self.name(unit);
        let (Reason::Wanted(by) | Reason::Needed(by)) = reason else {
            return Some((self.vertices[unit].unit.as_ref()?.place.clone(), format!("{name} is asked for")));
        };
        let text = self.vertices[by].unit.as_ref()?;
        let edges = if matches!(reason, Reason::Needed(_)) { &text.needs } else { &text.wants };
        let verb = if matches!(reason, Reason::Needed(_)) { "needs" } else { "wants" };
        let edge = edges.iter().find(|edge| self.means(&edge.unit, unit))?;
        Some((edge.place.clone(), format!("{} {verb} {name}", text.name)))
    }
}
