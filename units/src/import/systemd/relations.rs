//! Requires, Wants, After, Before and their like → edges.

use std::collections::BTreeSet;

use super::file::{Setting, words};
use super::names::{self, Here};
use crate::import::report::{Fate, Verdict};
use crate::import::sketch::{Sketch, Strength};
use crate::text::quoted;

/// Keys that name other units, and the edge that they make.
const RELATIONS: [(&str, Relation); 13] = [
    ("Requires", Relation::Pull(Strength::Needs, "")),
    ("RequiresOverridable", Relation::Pull(Strength::Needs, "")),
    ("BindsTo", Relation::Pull(Strength::Needs, "it stops with it when that fails or ends for good")),
    ("BindTo", Relation::Pull(Strength::Needs, "it stops with it when that fails or ends for good")),
    ("Requisite", Relation::Pull(Strength::Needs, "it is brought up rather than missed")),
    ("RequisiteOverridable", Relation::Pull(Strength::Needs, "it is brought up rather than missed")),
    ("Wants", Relation::Pull(Strength::Wants, "")),
    ("Upholds", Relation::Pull(Strength::Wants, "it is not brought up again")),
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

/// What is known of other units when the edges of one are drawn.
pub(super) struct Others<'a> {
    /// What is imported together.
    batch: &'a BTreeSet<String>,
    /// What the unit is ordered after.
    afters: BTreeSet<String>,
}

impl<'a> Others<'a> {
    pub(super) fn new(settings: &[Setting], batch: &'a BTreeSet<String>) -> Self {
        let units = words(settings, "Unit", "After").filter_map(|name| match names::find(name, batch) {
            Here::Unit(unit, _) => Some(unit),
            _ => None,
        });
        Self { batch, afters: units.collect() }
    }

    /// Draws the edges of a line. `None`: its key makes none.
    pub(super) fn take(&self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let relation = relation(&setting.key)?;
        let names = setting.value.split_whitespace();
        let verdicts: Vec<Verdict> = names.map(|name| self.draw(relation, name, sketch)).collect();
        Some(if verdicts.is_empty() { Verdict::kept("empty") } else { together(verdicts) })
    }

    /// What is made of one name.
    fn draw(&self, relation: Relation, name: &str, sketch: &mut Sketch) -> Verdict {
        let (unit, is_there) = match names::find(name, self.batch) {
            Here::Given(why) => return Verdict::kept(format!("{name}: {why}")),
            Here::Nothing(why) => return Verdict::dropped(format!("{name}: {why}")),
            Here::Unit(unit, _) if unit == sketch.name.as_str() => {
                return match name.ends_with(".socket") {
                    true => Verdict::kept(format!("{name}: its sockets are open before it starts")),
                    false => Verdict::dropped(format!("{name} is this unit here")),
                };
            }
            Here::Unit(unit, is_there) => (unit, is_there),
        };
        let is_renamed = name.rsplit_once('.') != Some((&unit, "service"));
        let what = if is_renamed { format!("{unit} for {name}") } else { unit.clone() };
        match relation {
            Relation::Order(strength) => {
                sketch.edge(strength, &unit);
                let key = if strength == Strength::After { "after" } else { "before" };
                Verdict::kept(format!("{key} {what}"))
            }
            Relation::Pull(strength, differs) => {
                sketch.edge(strength, &unit);
                let key = if strength == Strength::Needs { "needs" } else { "wants" };
                let is_waited_for = self.afters.contains(&unit);
                let verdict = Verdict::kept(format!("{key} {what}"))
                    .but_perhaps((!is_waited_for).then_some("it is waited for, too"))
                    .but_perhaps((!differs.is_empty()).then_some(differs));
                match strength == Strength::Needs && !is_there {
                    true => verdict
                        .decide(format!("nothing provides {}: import it too, or take it out of needs", quoted(&unit))),
                    false => verdict,
                }
            }
            Relation::Part => Verdict::dropped(format!("only needs passes a stop of {unit} on")),
            Relation::Conflict => {
                sketch.conflict(&unit);
                Verdict::kept(format!("conflicts {what}"))
            }
        }
    }
}

/// What a line of several names comes to: what is left of it is not dropped.
pub(super) fn together(verdicts: Vec<Verdict>) -> Verdict {
    let is_lost = verdicts.iter().all(|one| one.fate == Fate::Dropped);
    let most = verdicts.iter().map(|one| one.fate).max().unwrap_or(Fate::Kept);
    let reasons: Vec<&str> = verdicts.iter().map(|one| one.reason.as_str()).collect();
    Verdict {
        fate: if is_lost { most } else { most.min(Fate::Approximated) },
        reason: reasons.join("; "),
        decisions: verdicts.iter().flat_map(|one| one.decisions.clone()).collect(),
    }
}
