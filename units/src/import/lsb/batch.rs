//! Scripts that are imported together: who provides what, and the edges between them.

use std::collections::{BTreeMap, BTreeSet};

use super::conf::Conf;
use super::header::{Field, Key};
use super::target::Target;
use super::{Script, facility, starting};
use crate::UnitName;
use crate::import::report::Verdict;
use crate::import::sketch::{Sketch, Strength};
use crate::import::world::{self, Ours};

pub(super) struct Batch<'a> {
    conf: &'a Conf,
    providers: BTreeMap<String, Vec<String>>,
    sketches: BTreeMap<UnitName, Sketch>,
    lasts: BTreeSet<UnitName>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(scripts: &[Script], conf: &'a Conf) -> Self {
        let mut providers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for script in scripts {
            for name in script.provides() {
                providers.entry(name.into()).or_default().push(script.name.to_string());
            }
        }
        for script in scripts {
            let name = script.name.as_str();
            providers.entry(name.into()).or_insert_with(|| vec![name.into()]);
        }
        let is_last = |script: &&Script| script.fields.iter().any(says_all);
        let lasts = scripts.iter().filter(is_last).map(|script| script.name.clone()).collect();
        Self { conf, providers, sketches: BTreeMap::new(), lasts }
    }

    pub(super) fn add(&mut self, sketch: Sketch) {
        self.sketches.insert(sketch.name.clone(), sketch);
    }

    pub(super) fn take(&mut self, name: &UnitName) -> Option<Sketch> {
        self.sketches.remove(name)
    }

    /// Required-Start, Should-Start and X-Start-Before.
    pub(super) fn starting_edges(&mut self, script: &mut Script) {
        for field in script.fields.clone() {
            let Some(strength) = starting(field.key) else { continue };
            let mut notes = Notes::default();
            // Whoever comes last is reported once everything else is drawn.
            let is_last = self.lasts.contains(&script.name) && says_all(&field);
            for word in field.value.split_whitespace().filter(|word| !(is_last && *word == "$all")) {
                for target in self.targets(word) {
                    let bond = target.bond(word, strength);
                    if let Some((strength, unit)) = bond.edge {
                        self.add_edge(&script.name, strength, &unit);
                    }
                    notes.differs.extend(bond.differs);
                    if let Some(question) = bond.question {
                        let place = script.report.place(field.line);
                        script.report.decide(place, question);
                    }
                }
            }
            if field.line > 0 && !is_last {
                notes.report(script, &field, "as edges");
            }
        }
    }

    /// `$all`: after every script that is not last itself.
    pub(super) fn last_of_all(&mut self, script: &mut Script) {
        if !self.lasts.contains(&script.name) {
            return;
        }
        let others: Vec<UnitName> = self.sketches.keys().filter(|name| !self.lasts.contains(*name)).cloned().collect();
        for other in others {
            self.add_unless_cycle(&script.name, Strength::After, other.as_str());
        }
        for field in script.fields.clone() {
            if says_all(&field) && field.line > 0 {
                let place = script.report.place(field.line);
                script.report.tell(
                    &field.name,
                    place,
                    Verdict::approximated("after everything that was imported with it"),
                );
            }
        }
    }

    /// Required-Stop, Should-Stop and X-Stop-After: what is started in the reverse order already needs no more.
    pub(super) fn stopping_edges(&mut self, script: &mut Script) {
        for field in script.fields.clone() {
            let strength = match field.key {
                Key::RequiredStop | Key::ShouldStop => Strength::After,
                Key::XStopAfter => Strength::Before,
                _ => continue,
            };
            let mut notes = Notes::default();
            for word in field.value.split_whitespace() {
                for target in self.targets(word) {
                    let Target::Unit(name, _) = target else {
                        notes.differs.push(format!("{word}: nothing here that could stop"));
                        continue;
                    };
                    match self.is_there(&script.name, strength, &name) {
                        true => {}
                        false if self.add_unless_cycle(&script.name, strength, &name) => {
                            notes.differs.push(format!("{name} is ordered at the start too"));
                        }
                        false => notes.differs.push(format!("not {name}, which starts in the other order")),
                    }
                }
            }
            if field.line > 0 {
                notes.report(script, &field, "stops in the reverse of the order of starting");
            }
        }
    }

    fn is_there(&self, from: &UnitName, strength: Strength, to: &str) -> bool {
        let Ok(to) = UnitName::new(to) else { return true };
        match strength {
            Strength::Before => self.reaches(&to, from),
            _ => self.reaches(from, &to),
        }
    }

    /// Draws an edge unless it would close a cycle among the scripts.
    fn add_unless_cycle(&mut self, from: &UnitName, strength: Strength, to: &str) -> bool {
        let Ok(other) = UnitName::new(to) else { return false };
        let is_cycle = match strength {
            Strength::Before => self.reaches(from, &other),
            _ => self.reaches(&other, from),
        };
        if !is_cycle {
            self.add_edge(from, strength, to);
        }
        !is_cycle
    }

    fn add_edge(&mut self, from: &UnitName, strength: Strength, to: &str) {
        if let Some(sketch) = self.sketches.get_mut(from) {
            sketch.edge(strength, to);
        }
    }

    /// Whether `late` waits for `early`, by whatever many steps.
    fn reaches(&self, late: &UnitName, early: &UnitName) -> bool {
        let mut befores: BTreeMap<&UnitName, Vec<&UnitName>> = BTreeMap::new();
        for sketch in self.sketches.values() {
            sketch.successors().for_each(|later| befores.entry(later).or_default().push(&sketch.name));
        }
        let mut seen = BTreeSet::from([late]);
        let mut waiting = vec![late];
        while let Some(name) = waiting.pop() {
            let direct = self.sketches.get(name).into_iter().flat_map(Sketch::predecessors);
            for next in direct.chain(befores.get(name).into_iter().flatten().copied()) {
                if seen.insert(next) {
                    waiting.push(next);
                }
            }
        }
        seen.contains(early)
    }

    fn targets(&self, word: &str) -> Vec<Target> {
        if word.starts_with('$') {
            return self.facility(word);
        }
        let own = self.providers.get(word).or_else(|| self.providers.get(word.strip_suffix(".sh")?));
        if let Some(units) = own {
            return units.iter().map(|unit| Target::Unit(unit.clone(), Strength::Needs)).collect();
        }
        match world::ours(word) {
            Some(Ours::Unit(unit)) => vec![Target::Unit(unit.into(), Strength::Needs)],
            Some(Ours::Stage(why)) => vec![Target::Nothing(why)],
            None => vec![Target::Unknown],
        }
    }

    /// What a facility is, with all that it takes in.
    fn facility(&self, word: &str) -> Vec<Target> {
        let mut targets = Vec::new();
        let mut seen = BTreeSet::from([word]);
        let mut waiting = vec![word];
        while let Some(word) = waiting.pop() {
            let members = self.conf.members(word);
            targets.extend(self.facility_alone(word, &members));
            waiting.extend(members.into_iter().filter(|member| member.starts_with('$') && seen.insert(member)));
        }
        if targets.is_empty() { vec![Target::Unknown] } else { targets }
    }

    /// What provides a facility itself: scripts, or else what it is here.
    fn facility_alone(&self, word: &str, members: &[&str]) -> Vec<Target> {
        let providers = members.iter().chain([&word]).filter_map(|member| self.providers.get(*member)).flatten();
        let units: BTreeSet<&String> = providers.collect();
        if units.is_empty() {
            let ours = facility::find(word).into_iter().flat_map(|facility| facility.ours);
            return ours.map(|&(unit, strength)| Target::Unit(unit.into(), strength)).collect();
        }
        // Of several, none is the one that must be brought up.
        let strength = if units.len() == 1 { Strength::Wants } else { Strength::After };
        units.into_iter().map(|unit| Target::Unit(unit.clone(), strength)).collect()
    }

    /// The units that a name in a header would lead to, each once.
    pub(super) fn units_of(&self, word: &str) -> Vec<String> {
        let mut units = Vec::new();
        for target in self.targets(word) {
            if let Target::Unit(unit, _) = target
                && !units.contains(&unit)
            {
                units.push(unit);
            }
        }
        units
    }
}

/// Whether a field puts its script after all others.
fn says_all(field: &Field) -> bool {
    let is_start = matches!(field.key, Key::RequiredStart | Key::ShouldStart);
    is_start && field.value.split_whitespace().any(|word| word == "$all")
}

/// What differs from what a field says.
#[derive(Default)]
struct Notes {
    differs: Vec<String>,
}

impl Notes {
    fn report(self, script: &mut Script, field: &Field, kept: &str) {
        let place = script.report.place(field.line);
        match self.differs.is_empty() {
            true if field.value.is_empty() => script.report.tell(&field.name, place, Verdict::kept("empty")),
            true => script.report.tell(&field.name, place, Verdict::kept(kept)),
            false => script.report.tell(&field.name, place, Verdict::approximated(self.differs.join("; "))),
        }
    }
}
