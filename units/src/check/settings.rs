//! sunup.yaml: every key by itself, so that what is wrong with one costs that one only.

use std::path::PathBuf;
use std::time::Duration;

use super::Checker;
use super::fields::Fields;
use crate::language::{Key, SETTINGS, keys_inside};
use crate::settings::{CgroupLayout, Colour, Console, Deadlines, PROCESSORS, Scanner, Settings, SignalPreset};
use crate::source::Source;
use crate::text::{did_you_mean, quoted};
use crate::tree::{Entry, Node, Value, parse};
use crate::variables::INSTANCE;
use crate::{Diagnostic, Variables};

/// The longest value of a variable, in bytes.
const LONGEST: usize = 4096;

/// What a file says, and what is wrong with it.
pub(crate) fn check_settings(source: &Source) -> (Settings, Vec<Diagnostic>) {
    let mut documents = parse(source).into_iter();
    let first = documents.next();
    let (root, tear, errors) = first.map_or((None, None, Vec::new()), |one| (one.root, one.tear, one.errors));
    let mut checker =
        Checker { fields: Fields::default(), has_error: false, diagnostics: errors, kind: None, tear: tear.as_ref() };
    match &root {
        Some(Node { value: Value::Map(entries), .. }) => checker.fields = Fields::new(entries),
        Some(Node { value: Value::Nothing, .. }) | None => {}
        Some(node) => drop(checker.wrong::<()>("sunup.yaml", node, "a map of keys and values")),
    }
    if let Some(node) = documents.next().and_then(|document| document.root) {
        checker.error(&node.place, "sunup.yaml is one document: this one is not read");
    }
    checker.settings_keys();
    let settings = checker.settings();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by(|one, other| one.place.cmp(&other.place));
    let bare = diagnostics.iter_mut().filter(|one| one.snippet.is_none());
    bare.for_each(|one| one.snippet = source.snippet(&one.place));
    (settings, diagnostics)
}

impl<'a> Checker<'a> {
    fn settings_keys(&mut self) {
        let names = || SETTINGS.iter().map(|key: &Key| key.name);
        for (key, place) in self.keys().filter(|(key, _)| names().all(|name| name != *key)) {
            let hint = did_you_mean(key, names());
            self.error(place, format!("unknown key {}{hint}", quoted(key)));
        }
    }

    fn settings(&mut self) -> Settings {
        let default = Settings::default();
        Settings {
            scanner: self.choice("scanner", &Scanner::ALL).unwrap_or_default(),
            cgroup: self.choice("cgroup", &CgroupLayout::ALL).unwrap_or_default(),
            signals: self.choice("signals", &SignalPreset::ALL).unwrap_or_default(),
            deadlines: self.deadlines(default.deadlines),
            processors: self.processors(),
            console: self.console(default.console),
            init_scripts: self.init_scripts(default.init_scripts),
            variables: self.variables(),
        }
    }

    /// The entries of a map whose keys the language has.
    fn inside(&mut self, key: &str) -> impl Iterator<Item = &'a Entry<'a>> + use<'a> {
        let known = keys_inside(key);
        let entries = self.field(key).map_or(&[][..], |node| self.map(key, node, &known));
        entries.iter().filter(move |entry| known.contains(&entry.key.as_ref()))
    }

    fn deadlines(&mut self, mut deadlines: Deadlines) -> Deadlines {
        for entry in self.inside("deadlines") {
            let Some(duration) = self.deadline(entry) else { continue };
            match entry.key.as_ref() {
                "start" => deadlines.start = duration,
                "stop" => deadlines.stop = duration,
                _ => deadlines.shutdown = duration,
            }
        }
        deadlines
    }

    fn deadline(&mut self, entry: &'a Entry<'a>) -> Option<Duration> {
        let duration = self.duration(&entry.key, &entry.value)?;
        if duration.is_zero() && entry.key != "stop" {
            self.error(&entry.value.place, format!("\"{}\" must be longer than nothing", entry.key));
            return None;
        }
        Some(duration)
    }

    fn processors(&mut self) -> Option<usize> {
        let node = self.field("processors")?;
        self.number("processors", node, PROCESSORS).map(|count| count as usize)
    }

    fn console(&mut self, mut console: Console) -> Console {
        for entry in self.inside("console") {
            match entry.key.as_ref() {
                "colour" => console.colour = self.choice_at("colour", &entry.value, &Colour::ALL).unwrap_or_default(),
                "live" => console.live = self.boolean("live", &entry.value).unwrap_or(console.live),
                _ => console.kmsg = self.boolean("kmsg", &entry.value).unwrap_or(console.kmsg),
            }
        }
        console
    }

    fn init_scripts(&mut self, default: Option<PathBuf>) -> Option<PathBuf> {
        match self.field("init-scripts") {
            None => default,
            Some(Node { value: Value::Text(text), .. }) if text == "none" => None,
            Some(node) => self.path("init-scripts", node).or(default),
        }
    }

    fn variables(&mut self) -> Variables {
        let mut variables = Vec::new();
        for entry in self.table("vars", "a map of variables and their values") {
            if entry.key == INSTANCE {
                self.error(&entry.place, "\"INSTANCE\" is what an instance of a template is called");
            } else if !super::context::is_variable(&entry.key) {
                self.error(&entry.place, format!("{} is no name of a variable", quoted(&entry.key)));
            } else {
                match &entry.value.value {
                    Value::Text(text) if text.len() <= LONGEST => {
                        variables.push((entry.key.to_string(), text.to_string()))
                    }
                    Value::Text(_) => {
                        self.error(
                            &entry.value.place,
                            format!("{} is longer than {LONGEST} bytes", quoted(&entry.key)),
                        );
                    }
                    _ => drop(self.wrong::<()>(&entry.key, &entry.value, "a text")),
                }
            }
        }
        Variables::new(variables)
    }
}
