//! A document's tree → a checked [`Unit`], or everything that is wrong with it.
//!
//! Every check goes on after an error; a unit comes out only when there was none. What needs other units (edges that
//! lead nowhere) or the machine (commands that are not there) is not looked at here.

mod command;
mod condition;
mod context;
mod edges;
mod fields;
pub(crate) mod key;
mod log;
mod longrun;
mod meant;
mod ready;
mod settings;
mod value;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::text::{did_you_mean, quoted};
use crate::tree::{Document, MOST_DIAGNOSTICS, Node, Tear, Value};
use crate::{Diagnostic, Kind, Oneshot, Place, Severity, Step, Unit, UnitName};

pub(crate) use context::CONTROL_FILE;
use edges::Edges;
use fields::Fields;
pub(crate) use settings::check_settings;
pub(crate) use value::LONGEST as LONGEST_DURATION;
pub use value::parse_duration;

/// Keys whose values name something that may not be there: commands, where they run, and accounts.
pub(crate) const PLACED: [&str; 10] =
    ["run", "servicedir", "directory", "ready", "start", "stop", "reload", "user", "group", "groups"];

/// The words of `kind`.
pub(crate) fn kinds() -> Vec<&'static str> {
    KindWord::ALL.map(|(_, word)| word).to_vec()
}

/// `start-timeout` where it is not given.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(60);

/// `stop-timeout` where it is not given.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What became of a document.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Its name, if it has one that can be used.
    pub(crate) name: Option<UnitName>,
    /// The document itself, if the name is a template's.
    pub(crate) template: Option<Box<Document<'static>>>,
    /// The unit, if nothing is wrong with it.
    pub(crate) unit: Option<Arc<Unit>>,
    /// What can be told of it, if something is: what is right is there, what is wrong is left out.
    pub(crate) remains: Option<Arc<Unit>>,
    /// Where its commands and accounts stand, each with its key.
    pub(crate) commands: Box<[(&'static str, Place)]>,
    /// Errors and warnings, in the order of the text.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether it is a unit and nothing else: nothing is wrong with it, and it is no template.
    pub(crate) fn is_plain(&self) -> bool {
        self.unit.is_some() && self.template.is_none() && self.diagnostics.is_empty()
    }
}

/// Checks a document; what is wrong is told without the line, which the set adds. `file_name` is the unit's name where the document has none; `None`: it must have one.
pub(crate) fn check(document: Document<'_>, file_name: Result<&UnitName, &str>) -> Checked {
    let has_error = !document.errors.is_empty();
    let tear = document.tear.as_ref();
    let mut checker = Checker { fields: Fields::default(), diagnostics: document.errors, kind: None, tear, has_error };
    let Some(Node { value: Value::Map(entries), place }) = &document.root else {
        if let Some(root) = &document.root {
            checker.error(&root.place, not_a_map(root));
        }
        return Checked {
            name: file_name.ok().cloned(),
            template: None,
            unit: None,
            remains: None,
            commands: Box::default(),
            diagnostics: checker.diagnostics,
        };
    };
    checker.fields = Fields::new(entries);
    let name = checker.name(place, file_name);
    let unit = checker.unit(place, name.clone()).map(Arc::new);
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by(|one, other| one.place.cmp(&other.place));
    let (unit, remains) = if checker.has_error { (None, unit) } else { (unit, None) };
    let commands = PLACED.into_iter().filter_map(|key| Some((key, checker.fields.find(key)?.value.place.clone())));
    Checked { name, template: None, unit, remains, commands: commands.collect(), diagnostics }
}

fn not_a_map(root: &Node<'_>) -> String {
    match root.value {
        Value::Nothing => "this document is empty".into(),
        _ => format!("a unit is a map of keys and values, not {}", value::describe(root)),
    }
}

/// The words of `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KindWord {
    Longrun,
    Oneshot,
    Milestone,
}

impl KindWord {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Longrun, "longrun"), (Self::Oneshot, "oneshot"), (Self::Milestone, "milestone")];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

struct Checker<'a> {
    fields: Fields<'a>,
    diagnostics: Vec<Diagnostic>,
    kind: Option<KindWord>,
    /// What is missing may stand where the text is torn.
    tear: Option<&'a Tear<'a>>,
    has_error: bool,
}

impl<'a> Checker<'a> {
    fn error(&mut self, place: &Place, message: impl Into<String>) {
        self.say(Severity::Error, place, message.into());
    }

    fn warning(&mut self, place: &Place, message: impl Into<String>) {
        self.say(Severity::Warning, place, message.into());
    }

    /// Whether so much is wrong that nothing more is told.
    fn is_full(&self) -> bool {
        self.has_error && self.diagnostics.len() >= MOST_DIAGNOSTICS
    }

    fn say(&mut self, severity: Severity, place: &Place, message: String) {
        self.say_with(severity, place, message, Vec::new());
    }

    fn say_with(&mut self, severity: Severity, place: &Place, message: String, related: Vec<(Place, String)>) {
        // What follows from the error that tore the text is no news.
        if self.tear.is_some() && self.diagnostics.iter().any(|one| one.place == *place) {
            return;
        }
        // An error is never dropped where there was none before: else a broken unit would pass for a sound one.
        if self.diagnostics.len() < MOST_DIAGNOSTICS || (severity == Severity::Error && !self.has_error) {
            self.diagnostics.push(Diagnostic { related, ..Diagnostic::new(severity, place.clone(), message) });
        }
        self.has_error |= severity == Severity::Error;
    }

    fn field(&self, key: &str) -> Option<&'a Node<'a>> {
        self.fields.find(key).map(|entry| &entry.value)
    }

    fn name(&mut self, root: &Place, file_name: Result<&UnitName, &str>) -> Option<UnitName> {
        let Some(node) = self.field("name") else {
            return file_name.map_err(|message| self.error(root, message)).ok().cloned();
        };
        let text = self.text("name", node)?;
        UnitName::new(text).map_err(|message| self.error(&node.place, message)).ok()
    }

    fn unit(&mut self, root: &Place, name: Option<UnitName>) -> Option<Unit> {
        self.kind = self.kind(root);
        self.check_keys();
        let kind = self.kind_with_fields(root);
        let description = self.description();
        let Edges { needs, wants, after, before, conflicts } = self.all_edges(name.as_ref());
        let provides = self.provides(name.as_ref());
        let essential = self.flag("essential");
        let conditions = self.conditions();
        let start_timeout = self.start_timeout();
        let stop_timeout = self.field("stop-timeout").and_then(|node| self.duration("stop-timeout", node));
        let name = name?;
        Some(Unit {
            place: root.clone(),
            description: description.unwrap_or_else(|| name.to_string()),
            kind,
            needs,
            wants,
            after,
            before,
            conflicts,
            provides,
            essential,
            conditions,
            start_timeout,
            stop_timeout: stop_timeout.unwrap_or(STOP_TIMEOUT),
            name,
        })
    }

    fn kind(&mut self, root: &Place) -> Option<KindWord> {
        if self.field("kind").is_none() {
            self.missing(root, &["kind"], "key \"kind\" is missing: longrun, oneshot or milestone");
        }
        self.choice("kind", &KindWord::ALL)
    }

    fn kind_with_fields(&mut self, root: &Place) -> Kind {
        // Whatever the kind, every value that is there is checked, so that all errors come at once.
        let context = self.context();
        let longrun = self.longrun(context.clone());
        let oneshot = Oneshot {
            start: self.command("start"),
            stop: self.command("stop"),
            reload: longrun.reload.clone(),
            steps: self.steps(),
            context,
        };
        match self.kind {
            Some(KindWord::Longrun) => {
                self.require(root, &["run", "servicedir"], "a longrun must have the key \"run\" or \"servicedir\"");
                Kind::Longrun(longrun)
            }
            Some(KindWord::Oneshot) => {
                self.require(root, &["start", "do"], "a oneshot must have the key \"start\" or \"do\"");
                Kind::Oneshot(oneshot)
            }
            // Nobody knows, which is told already; what its keys say is looked at all the same.
            None if self.field("run").is_some() => Kind::Longrun(longrun),
            None if self.field("start").is_some() => Kind::Oneshot(oneshot),
            Some(KindWord::Milestone) | None => Kind::Milestone,
        }
    }

    fn require(&mut self, root: &Place, one_of: &[&str], message: &str) {
        if one_of.iter().all(|key| self.field(key).is_none()) {
            self.missing(root, one_of, message);
        }
    }

    /// An error that one of these keys would mend. Where one is there under another name, that is the error.
    fn missing(&mut self, place: &Place, one_of: &[&str], message: &str) {
        if self.tear.is_none() && !self.is_meant(one_of) {
            self.error(place, message);
        }
    }

    fn description(&mut self) -> Option<String> {
        let node = self.field("description")?;
        let text = self.text("description", node)?.trim();
        if text.is_empty() || text.contains(char::is_control) {
            self.error(&node.place, "\"description\" must be one line of text");
        }
        Some(text.into())
    }

    fn steps(&mut self) -> Vec<(Step, Place)> {
        let Some(node) = self.field("do") else { return Vec::new() };
        let items = self.list("do", node);
        if items.is_empty() && matches!(node.value, Value::List(_)) {
            self.error(&node.place, "\"do\" must name at least one step");
        }
        items.iter().filter_map(|item| self.step(item)).collect()
    }

    fn step(&mut self, node: &'a Node<'a>) -> Option<(Step, Place)> {
        let word = self.text("do", node)?;
        let known = Step::ALL.iter().find(|(_, name)| *name == word);
        if known.is_none() {
            let hint = did_you_mean(word, Step::ALL.iter().map(|(_, name)| *name));
            self.error(&node.place, format!("unknown step {}{hint}", quoted(word)));
        }
        known.map(|(step, _)| (step.clone(), node.place.clone()))
    }

    fn start_timeout(&mut self) -> Option<Duration> {
        let Some(node) = self.field("start-timeout") else { return Some(START_TIMEOUT) };
        if matches!(&node.value, Value::Text(text) if text == "none") {
            return None;
        }
        let timeout = self.duration("start-timeout", node)?;
        if timeout.is_zero() {
            self.error(&node.place, "\"start-timeout\" must be longer than nothing, or none");
        }
        Some(timeout)
    }
}
