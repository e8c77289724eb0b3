//! A checked [`Unit`] → the YAML text that is read back as the same unit.
//!
//! What has its default is left out. Every field is named here, so that a new one cannot be forgotten.

mod context;

use std::time::Duration;

use crate::time::TimeUnit;
use crate::variables::{escaped, is_script};
use crate::yaml::{Yaml, document};
use crate::{
    Command, Condition, KillMode, Kind, Log, Longrun, MaxDeaths, Oneshot, Program, Readiness, Restart, Unit, UnitName,
    WhenFull,
};

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
            conflicts,
            provides,
            essential,
            conditions,
            start_timeout,
            stop_timeout,
        } = self;
        let mut entries: Entries = Vec::new();
        if description != name.as_str() {
            entries.push(("description", Yaml::text(description)));
        }
        entries.push(("kind", Yaml::text(kind.name())));
        let lists =
            [("needs", needs), ("wants", wants), ("after", after), ("before", before), ("conflicts", conflicts)];
        for (key, edges) in lists {
            entries.extend(names(key, edges.iter().map(|edge| &edge.unit)));
        }
        entries.extend(names("provides", provides.iter().map(|(name, _)| name)));
        entries.extend(essential.then(|| ("essential", Yaml::text("true"))));
        entries.extend(condition_map(conditions).map(|map| ("if", map)));
        match kind {
            Kind::Longrun(longrun) => print_longrun(longrun, &mut entries),
            Kind::Oneshot(oneshot) => print_oneshot(oneshot, &mut entries),
            Kind::Milestone => return unit_document(entries),
        }
        if *start_timeout != Some(crate::check::START_TIMEOUT) {
            let text = start_timeout.map_or_else(|| "none".into(), duration);
            entries.push(("start-timeout", Yaml::text(text)));
        }
        if *stop_timeout != crate::check::STOP_TIMEOUT {
            entries.push(("stop-timeout", Yaml::text(duration(*stop_timeout))));
        }
        unit_document(entries)
    }
}

/// Keys and values of a unit as a document; what would be read as a variable is escaped.
pub(crate) fn unit_document(entries: Vec<(&str, Yaml)>) -> String {
    let escape = |(key, value): (_, Yaml)| match value {
        Yaml::Text(_) if is_script(key) => (key, value),
        value => (key, value.map_texts(&escaped)),
    };
    document(&entries.into_iter().map(escape).collect::<Vec<_>>())
}

fn names<'a>(key: &'static str, names: impl ExactSizeIterator<Item = &'a UnitName>) -> Option<(&'static str, Yaml)> {
    (names.len() > 0).then(|| (key, Yaml::texts(names.map(UnitName::as_str))))
}

/// The word of a value.
fn word<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> Yaml {
    Yaml::text(words.iter().find(|(one, _)| one == value).map_or("", |(_, word)| *word))
}

/// The conditions by their keys, in the order in which the keys first stand.
fn condition_map(conditions: &[Condition]) -> Option<Yaml> {
    let mut map: Vec<(String, Yaml)> = Vec::new();
    for condition in conditions {
        let (key, text) = match condition {
            Condition::Path { path, absent } => ("path", negated(&path.to_string_lossy(), *absent)),
            Condition::Container(is_in) => ("container", is_in.to_string()),
            Condition::Cmdline { word, absent } => ("cmdline", negated(word, *absent)),
            Condition::User(name) => ("user", name.clone()),
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
    let Longrun {
        program,
        reload,
        ready,
        restart,
        max_deaths,
        stop_signal,
        kill_mode,
        forks,
        pidfile,
        sockets,
        watchdog,
        log,
        context,
    } = longrun;
    entries.push(match program {
        Program::Command(run) => ("run", command(run)),
        Program::ServiceDirectory(path) => ("servicedir", Yaml::text(path.to_string_lossy())),
    });
    let mut put = |key, value: Option<Yaml>| entries.extend(value.map(|value| (key, value)));
    put("reload", reload.as_ref().map(command));
    put("ready", ready.as_ref().map(readiness));
    put("restart", (*restart != Restart::default()).then(|| word(&Restart::ALL, restart)));
    put("max-deaths", max_deaths.as_ref().map(deaths));
    put("stop-signal", stop_signal.map(|signal| Yaml::Text(signal.to_string())));
    put("kill-mode", (*kill_mode != KillMode::default()).then(|| word(&KillMode::ALL, kill_mode)));
    put("forks", forks.then(|| Yaml::text("true")));
    put("pidfile", pidfile.as_ref().map(|path| Yaml::text(path.to_string_lossy())));
    put("sockets", (!sockets.is_empty()).then(|| Yaml::texts(sockets.iter().map(ToString::to_string))));
    put("watchdog", watchdog.map(|time| Yaml::Text(duration(time))));
    match log {
        Log::Auto => {}
        Log::None => entries.push(("log", Yaml::text("none"))),
        Log::Directory { directory, size, keep, when_full } => {
            let directory = directory.as_ref().map(|path| ("dir".into(), Yaml::text(path.to_string_lossy())));
            let numbers =
                [("size".into(), Yaml::text(size.to_string())), ("keep".into(), Yaml::text(keep.to_string()))];
            let wait =
                (*when_full != WhenFull::default()).then(|| ("when-full".into(), word(&WhenFull::ALL, when_full)));
            entries.push(("log", Yaml::Map(directory.into_iter().chain(numbers).chain(wait).collect())));
        }
    }
    context::print(context, entries);
}

fn deaths(deaths: &MaxDeaths) -> Yaml {
    Yaml::Text(format!("{} in {}", deaths.count, duration(deaths.within)))
}

fn print_oneshot(oneshot: &Oneshot, entries: &mut Entries) {
    let Oneshot { start, stop, reload, steps, context } = oneshot;
    if !steps.is_empty() {
        entries.push(("do", Yaml::List(steps.iter().map(|(step, _)| word(&crate::Step::ALL, step)).collect())));
    }
    entries.extend(start.as_ref().map(|start| ("start", command(start))));
    entries.extend(stop.as_ref().map(|stop| ("stop", command(stop))));
    entries.extend(reload.as_ref().map(|reload| ("reload", command(reload))));
    context::print(context, entries);
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
        Readiness::Notify => Yaml::text("notify"),
        Readiness::Descriptor(number) => Yaml::one("fd", Yaml::text(number.to_string())),
        Readiness::Tcp { address, every: time } => Yaml::Map(vec![("tcp".into(), Yaml::text(address)), every(time)]),
        Readiness::Socket(path) => Yaml::one("socket", Yaml::text(path.to_string_lossy())),
        Readiness::File(path) => Yaml::one("file", Yaml::text(path.to_string_lossy())),
        Readiness::Exec { argv, every: time } => Yaml::Map(vec![("exec".into(), Yaml::texts(argv)), every(time)]),
    }
}

/// A duration as the language writes it: `1m30s`.
pub(crate) fn duration(duration: Duration) -> String {
    let mut rest = duration.as_micros();
    let mut text = String::new();
    for (name, unit) in TimeUnit::ours() {
        let number = rest / u128::from(unit.microseconds);
        rest %= u128::from(unit.microseconds);
        if number > 0 {
            text += &format!("{number}{name}");
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}
