//! A checked [`Unit`] → the YAML text that is read back as the same unit.
//!
//! What has its default is left out. Every field is named here, so that a new one cannot be forgotten.

use std::time::Duration;

use crate::yaml::{Yaml, document};
use crate::{Command, Condition, Edge, KillMode, Kind, Log, Longrun, Oneshot, Readiness, Unit};

/// Units of time with their milliseconds, the largest first.
const TIMES: [(&str, u128); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

type Entries = Vec<(&'static str, Yaml)>;

impl Unit {
    /// The unit as YAML, without its name, which is the file's. A duration loses what is below a millisecond.
    pub fn to_yaml(&self) -> String {
        let Unit {
            name,
            place: _,
            description,
            kind,
            needs,
            wants,
            after,
            before,
            conditions,
            start_timeout,
            stop_timeout,
        } = self;
        let mut entries: Entries = Vec::new();
        if description != name.as_str() {
            entries.push(("description", Yaml::text(description)));
        }
        entries.push(("kind", Yaml::text(kind.name())));
        for (key, edges) in [("needs", needs), ("wants", wants), ("after", after), ("before", before)] {
            entries.extend(names(key, edges));
        }
        entries.extend(condition_map(conditions).map(|map| ("if", map)));
        match kind {
            Kind::Longrun(longrun) => print_longrun(longrun, &mut entries),
            Kind::Oneshot(oneshot) => print_oneshot(oneshot, &mut entries),
            Kind::Milestone => return document(&entries),
        }
        if *start_timeout != Some(crate::check::START_TIMEOUT) {
            let text = start_timeout.map_or_else(|| "none".into(), duration);
            entries.push(("start-timeout", Yaml::text(text)));
        }
        if *stop_timeout != crate::check::STOP_TIMEOUT {
            entries.push(("stop-timeout", Yaml::text(duration(*stop_timeout))));
        }
        document(&entries)
    }
}

fn names(key: &'static str, edges: &[Edge]) -> Option<(&'static str, Yaml)> {
    let names = edges.iter().map(|edge| edge.unit.as_str());
    (!edges.is_empty()).then(|| (key, Yaml::texts(names)))
}

/// The conditions by their keys, in the order in which the keys first stand.
fn condition_map(conditions: &[Condition]) -> Option<Yaml> {
    let mut map: Vec<(String, Yaml)> = Vec::new();
    for condition in conditions {
        let (key, text) = match condition {
            Condition::Path { path, absent } => ("path", negated(&path.to_string_lossy(), *absent)),
            Condition::Container(is_in) => ("container", is_in.to_string()),
            Condition::Cmdline { word, absent } => ("cmdline", negated(word, *absent)),
        };
        let value = Yaml::Text(text);
        match map.iter_mut().find(|(other, _)| other == key) {
            None => map.push((key.into(), value)),
            Some((_, Yaml::List(items))) => items.push(value),
            Some((_, first)) => *first = Yaml::List(vec![first.clone(), value]),
        }
    }
    (!map.is_empty()).then_some(Yaml::Map(map))
}

fn negated(text: &str, absent: bool) -> String {
    format!("{}{text}", if absent { "!" } else { "" })
}

fn print_longrun(longrun: &Longrun, entries: &mut Entries) {
    let Longrun { run, ready, kill_mode, log } = longrun;
    entries.push(("run", command(run)));
    entries.extend(ready.as_ref().map(|ready| ("ready", readiness(ready))));
    match kill_mode {
        KillMode::Cgroup => {}
        KillMode::Main => entries.push(("kill-mode", Yaml::text("main"))),
    }
    match log {
        Log::Auto => {}
        Log::None => entries.push(("log", Yaml::text("none"))),
        Log::Directory { directory, size, keep } => {
            let directory = directory.as_ref().map(|path| ("dir".into(), Yaml::text(path.to_string_lossy())));
            let numbers =
                [("size".into(), Yaml::text(size.to_string())), ("keep".into(), Yaml::text(keep.to_string()))];
            entries.push(("log", Yaml::Map(directory.into_iter().chain(numbers).collect())));
        }
    }
}

fn print_oneshot(oneshot: &Oneshot, entries: &mut Entries) {
    let Oneshot { start, stop, steps } = oneshot;
    if !steps.is_empty() {
        let word = |step| crate::Step::ALL.iter().find(|(one, _)| *one == step).map_or("", |(_, word)| *word);
        entries.push(("do", Yaml::texts(steps.iter().map(|(step, _)| word(step.clone())))));
    }
    entries.extend(start.as_ref().map(|start| ("start", command(start))));
    entries.extend(stop.as_ref().map(|stop| ("stop", command(stop))));
}

fn command(command: &Command) -> Yaml {
    match command {
        Command::Argv(words) => Yaml::texts(words),
        Command::Script(script) => Yaml::text(script),
    }
}

fn readiness(ready: &Readiness) -> Yaml {
    let every = |every: &Duration| ("every".into(), Yaml::Text(duration(*every)));
    match ready {
        Readiness::Descriptor(number) => Yaml::one("fd", Yaml::text(number.to_string())),
        Readiness::Tcp { address, every: time } => Yaml::Map(vec![("tcp".into(), Yaml::text(address)), every(time)]),
        Readiness::Socket(path) => Yaml::one("socket", Yaml::text(path.to_string_lossy())),
        Readiness::File(path) => Yaml::one("file", Yaml::text(path.to_string_lossy())),
        Readiness::Exec { argv, every: time } => Yaml::Map(vec![("exec".into(), Yaml::texts(argv)), every(time)]),
    }
}

/// A duration as the language writes it: `1m30s`.
pub(crate) fn duration(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut text = String::new();
    for (unit, milliseconds) in TIMES {
        let number = rest / milliseconds;
        rest %= milliseconds;
        if number > 0 {
            text += &format!("{number}{unit}");
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}
