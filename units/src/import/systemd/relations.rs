//! Requires, Wants, After, Before and their like → edges.

use std::collections::BTreeSet;

use super::file::Setting;
use super::names::{self, Here};
use crate::import::report::Fate;
use crate::import::sketch::{Report, Sketch, Strength};
use crate::text::quoted;

/// Keys that name other units, and the edge that they make.
const RELATIONS: [(&str, Relation); 12] = [
    ("Requires", Relation::Pull(Strength::Needs, "")),
    ("RequiresOverridable", Relation::Pull(Strength::Needs, "")),
    ("BindsTo", Relation::Pull(Strength::Needs, "stops with it when that fails or ends for good")),
    ("BindTo", Relation::Pull(Strength::Needs, "stops with it when that fails or ends for good")),
    ("Requisite", Relation::Pull(Strength::Needs, "brings it up rather than failing")),
    ("Wants", Relation::Pull(Strength::Wants, "")),
    ("Upholds", Relation::Pull(Strength::Wants, "does not bring it up again")),
    ("After", Relation::Order(Strength::After)),
    ("Before", Relation::Order(Strength::Before)),
    ("PartOf", Relation::Part),
    ("ConsistsOf", Relation::Part),
    ("Conflicts", Relation::Conflict),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// Brings the other one up; what differs from systemd's.
    Pull(Strength, &'static str),
    /// Order only.
    Order(Strength),
    /// Is stopped and restarted with the other one.
    Part,
    /// Is never up together with the other one.
    Conflict,
}

fn relation(key: &str) -> Option<Relation> {
    RELATIONS.iter().find(|(other, _)| *other == key).map(|(_, relation)| *relation)
}

/// The units of ours that this one is ordered after.
pub(super) fn afters(settings: &[Setting], batch: &BTreeSet<String>) -> BTreeSet<String> {
    let afters = settings.iter().filter(|one| one.section == "Unit" && one.key == "After");
    let names = afters.flat_map(|one| one.value.split_whitespace());
    let units = names.filter_map(|name| match names::find(name, batch) {
        Here::Unit(unit, _) => Some(unit),
        _ => None,
    });
    units.collect()
}

/// A line that may name other units, what is known of those, and what is made of it.
pub(super) struct Context<'a> {
    /// The line.
    pub(super) setting: &'a Setting,
    /// Its value, with its specifiers replaced.
    pub(super) value: &'a str,
    /// What this unit is ordered after.
    pub(super) afters: &'a BTreeSet<String>,
    /// What is imported together.
    pub(super) batch: &'a BTreeSet<String>,
    /// The unit so far.
    pub(super) sketch: &'a mut Sketch,
    /// What is told so far.
    pub(super) report: &'a mut Report,
}

impl Context<'_> {
    /// Draws the edges of the line; its fate and reason. `None`: its key makes none.
    pub(super) fn take(&mut self) -> Option<(Fate, String)> {
        let relation = relation(&self.setting.key)?;
        let mut fate = Fate::Kept;
        let mut reasons = Vec::new();
        let mut dropped = 0;
        let names: Vec<&str> = self.value.split_whitespace().collect();
        for name in &names {
            let (one, reason) = match names::find(name, self.batch) {
                Here::Given(why) => (Fate::Kept, format!("{name}: {why}")),
                Here::Nothing(why) => (Fate::Dropped, format!("{name}: {why}")),
                Here::Unit(unit, is_there) => self.draw(relation, name, &unit, is_there),
            };
            dropped += usize::from(one == Fate::Dropped);
            fate = fate.max(one);
            reasons.push(reason);
        }
        // A line of which something is left is not dropped.
        if fate == Fate::Dropped && dropped < names.len() {
            fate = Fate::Approximated;
        }
        let reason = if reasons.is_empty() { "empty".into() } else { reasons.join("; ") };
        Some((fate, reason))
    }

    /// Draws one edge.
    fn draw(&mut self, relation: Relation, name: &str, unit: &str, is_there: bool) -> (Fate, String) {
        if unit == self.sketch.name.as_str() && name.ends_with(".socket") {
            return (Fate::Kept, format!("{name}: its sockets are open before it starts"));
        }
        if unit == self.sketch.name.as_str() {
            return (Fate::Dropped, format!("{name} is this unit here"));
        }
        let is_renamed = name.rsplit_once('.') != Some((unit, "service"));
        let what = if is_renamed { format!("{unit} for {name}") } else { unit.to_owned() };
        match relation {
            Relation::Order(strength) => {
                self.sketch.edge(strength, unit);
                let key = if strength == Strength::After { "after" } else { "before" };
                (Fate::Kept, format!("{key} {what}"))
            }
            Relation::Pull(strength, differs) => {
                self.sketch.edge(strength, unit);
                let key = if strength == Strength::Needs { "needs" } else { "wants" };
                if strength == Strength::Needs && !is_there {
                    let text = format!("nothing provides {}: import it too, or take it out of needs", quoted(unit));
                    self.report.decide(self.setting.place.clone(), text);
                }
                match (differs, self.afters.contains(unit)) {
                    ("", true) => (Fate::Kept, format!("{key} {what}")),
                    ("", false) => (Fate::Approximated, format!("{key} {what}, and waits for it")),
                    (differs, _) => (Fate::Approximated, format!("{key} {what}; {differs}")),
                }
            }
            Relation::Part => (Fate::Dropped, format!("only needs passes a stop of {unit} on")),
            Relation::Conflict => {
                self.sketch.conflict(unit);
                (Fate::Kept, format!("conflicts {what}"))
            }
        }
    }
}
