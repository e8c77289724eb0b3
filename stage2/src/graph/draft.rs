//! What the units say: the closure of a target, cycles and all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use units::{Diagnostic, Edge, NameMap, Place, Severity, Unit, UnitName};

use super::edge::Link;
use super::{Catalogue, EdgeKind, Entry, Problem, UnitIndex};

/// A graph that may have cycles, over units that somebody else keeps. A vertex's petgraph index is its unit's number.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    pub(super) graph: DiGraph<Member<'a>, Link<'a>>,
    pub(super) by_name: NameMap<UnitIndex>,
    pub(super) conflicts: Vec<(UnitIndex, UnitIndex, &'a Place)>,
    /// Whom a name means that is needed or wanted and no unit's own.
    pub(super) chosen: NameMap<UnitIndex>,
    complaints: Vec<Diagnostic>,
    /// The directory of the operator's own units.
    pub(super) own: Option<&'a Path>,
}

/// What becomes a [`super::Vertex`].
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) name: UnitName,
    pub(super) unit: Option<&'a Arc<Unit>>,
    pub(super) problem: Option<Problem>,
}

/// Whom a name means that is no unit's own.
enum Choice {
    /// The only provider, one that is asked for, or one that was taken before.
    Plain(UnitIndex),
    /// The first of these.
    First(UnitIndex, Vec<UnitName>),
    /// Nobody.
    None,
}

impl<'a> Draft<'a> {
    /// The roots and everything that they need or want, in turn. `after`, `before` and `conflicts` count between units
    /// that are in.
    ///
    /// A root or a needed name with errors is a vertex that fails at once, as is a root that does not exist; a unit
    /// that needs what does not exist fails itself. A wanted name that does not exist is only a complaint. A name that
    /// units only provide means, where it is needed or wanted, the first provider by name that is a root, else the
    /// first by name, with a complaint where there are several; where it is an order or a conflict, all that are in.
    pub fn new<C: Catalogue + ?Sized>(units: &'a C, roots: &[UnitName]) -> Self {
        let mut draft = Self {
            graph: DiGraph::with_capacity(roots.len(), 2 * roots.len()),
            by_name: NameMap::with_capacity_and_hasher(roots.len(), Default::default()),
            own: units.own(),
            ..Self::default()
        };
        let provided: Vec<&UnitName> = roots.iter().filter(|root| !draft.admit_root(units, root)).collect();
        let asked = draft.len();
        for root in provided {
            draft.admit_provider(units, root, asked);
        }
        let mut next = 0;
        while next < draft.graph.node_count() {
            draft.pull_in(units, next, asked);
            next += 1;
        }
        draft.connect_bystanders();
        draft
    }

    /// How many units.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether any of them are never up together.
    pub fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// Names that are needed or wanted and do not exist, or that several units provide, each with its place.
    pub fn complaints(&self) -> &[Diagnostic] {
        &self.complaints
    }

    /// The name of a unit.
    pub fn name(&self, unit: UnitIndex) -> &UnitName {
        &self.graph[NodeIndex::new(unit)].name
    }

    /// The unit with this number, if there is one that can be used.
    pub fn unit(&self, unit: UnitIndex) -> Option<&'a Unit> {
        self.graph[NodeIndex::new(unit)].unit.map(AsRef::as_ref)
    }

    /// Makes a vertex of a root; false: units provide it.
    fn admit_root<C: Catalogue + ?Sized>(&mut self, units: &'a C, root: &UnitName) -> bool {
        if self.admit(units, root).is_some() {
            return true;
        }
        let is_absent = units.providers(root.as_str()).is_empty();
        if is_absent {
            self.insert(Member { name: root.clone(), unit: None, problem: Some(Problem::Absent) });
        }
        is_absent
    }

    /// The vertex of the name, if it is a unit's own.
    fn admit<C: Catalogue + ?Sized>(&mut self, units: &'a C, name: &UnitName) -> Option<UnitIndex> {
        if let Some(&known) = self.by_name.get(name) {
            return Some(known);
        }
        let (unit, problem) = match units.find(name.as_str()) {
            Entry::Unit(unit) => (Some(unit), None),
            Entry::Broken(error) => (None, Some(Problem::Broken(error))),
            Entry::Absent => return None,
        };
        super::steps::count(1);
        Some(self.insert(Member { name: name.clone(), unit, problem }))
    }

    fn insert(&mut self, member: Member<'a>) -> UnitIndex {
        let name = member.name.clone();
        let number = self.graph.add_node(member).index();
        self.by_name.insert(name, number);
        number
    }

    /// Brings in what one unit needs and wants, to come before it. The first `asked` units are asked for by name.
    fn pull_in<C: Catalogue + ?Sized>(&mut self, units: &'a C, number: UnitIndex, asked: usize) {
        let Some(unit) = self.unit(number) else { return };
        for (kind, edges) in [(EdgeKind::Wants, &unit.wants), (EdgeKind::Needs, &unit.needs)] {
            for edge in edges {
                let choice = match self.admit(units, &edge.unit) {
                    Some(other) => Choice::Plain(other),
                    None => self.admit_provider(units, &edge.unit, asked),
                };
                let other = match choice {
                    Choice::Plain(other) => other,
                    Choice::First(other, names) => {
                        self.complain_of_choice(unit, edge, kind, &names);
                        other
                    }
                    Choice::None => {
                        self.complain_of_absence(number, unit, edge, kind);
                        continue;
                    }
                };
                self.connect(number, edge, kind, other);
            }
        }
    }

    /// Makes a vertex of a unit that provides the name, and remembers which one it is.
    fn admit_provider<C: Catalogue + ?Sized>(&mut self, units: &'a C, name: &UnitName, asked: usize) -> Choice {
        if let Some(&known) = self.chosen.get(name) {
            return Choice::Plain(known);
        }
        let providers = units.providers(name.as_str());
        let is_asked = providers.iter().find(|&provider| self.by_name.get(provider).is_some_and(|&unit| unit < asked));
        let provider = is_asked.or(providers.first()).and_then(|provider| self.admit(units, provider));
        let Some(number) = provider else { return Choice::None };
        let is_clear = is_asked.is_some() || providers.len() == 1;
        self.chosen.insert(name.clone(), number);
        if is_clear { Choice::Plain(number) } else { Choice::First(number, providers) }
    }

    fn complain_of_choice(&mut self, unit: &Unit, edge: &Edge, kind: EdgeKind, names: &[UnitName]) {
        let names: Vec<&str> = names.iter().map(UnitName::as_str).collect();
        let (wanted, all, first) = (&edge.unit, names.join(", "), names[0]);
        let message = format!(
            "{} {kind} {wanted}, which several units provide ({all}): {first} is taken, the first by name",
            unit.name
        );
        self.complaints.push(Diagnostic::new(Severity::Warning, edge.place.clone(), message));
    }

    fn complain_of_absence(&mut self, number: UnitIndex, unit: &Unit, edge: &Edge, kind: EdgeKind) {
        let is_needed = kind == EdgeKind::Needs;
        let severity = if is_needed { Severity::Error } else { Severity::Warning };
        let message = format!("{} {kind} {}, which does not exist", unit.name, edge.unit);
        self.complaints.push(Diagnostic::new(severity, edge.place.clone(), message));
        if is_needed {
            let problem = &mut self.graph[NodeIndex::new(number)].problem;
            problem.get_or_insert_with(|| Problem::NeedsAbsent(edge.unit.clone()));
        }
    }

    /// Adds the edges that bring nobody in, now that all units are.
    fn connect_bystanders(&mut self) {
        let mut providers: HashMap<&'a UnitName, Vec<UnitIndex>> = HashMap::new();
        for number in 0..self.len() {
            for (name, _) in self.unit(number).map_or(&[][..], |unit| &unit.provides) {
                providers.entry(name).or_default().push(number);
            }
        }
        for number in 0..self.len() {
            let Some(unit) = self.unit(number) else { continue };
            for (kind, edges) in [(EdgeKind::After, &unit.after), (EdgeKind::Before, &unit.before)] {
                for edge in edges {
                    for &other in self.all_of(&edge.unit, &providers).iter() {
                        self.connect(number, edge, kind, other);
                    }
                }
            }
            for edge in &unit.conflicts {
                let others = self.all_of(&edge.unit, &providers);
                let others = others.iter().filter(|&&other| other != number);
                self.conflicts.extend(others.map(|&other| (number, other, &edge.place)));
            }
        }
    }

    /// Connects a unit with another that a name in its text means.
    fn connect(&mut self, unit: UnitIndex, edge: &'a Edge, kind: EdgeKind, other: UnitIndex) {
        // Who provides a name itself does not wait for itself.
        if other == unit && self.by_name.get(&edge.unit) != Some(&unit) {
            return;
        }
        super::steps::count(1);
        let (first, later) = if kind == EdgeKind::Before { (unit, other) } else { (other, unit) };
        let link = Link { kind, place: &edge.place };
        self.graph.add_edge(NodeIndex::new(first), NodeIndex::new(later), link);
    }

    /// The units that are in and have this name, or provide it.
    fn all_of<'b>(
        &self,
        name: &UnitName,
        providers: &'b HashMap<&'a UnitName, Vec<UnitIndex>>,
    ) -> Cow<'b, [UnitIndex]> {
        match self.by_name.get(name) {
            Some(&unit) => Cow::Owned(vec![unit]),
            None => providers.get(name).map_or(Cow::Borrowed(&[]), |units| Cow::Borrowed(units)),
        }
    }
}
