//! Service directories of runit and daemontools: each stays what it is, as `servicedir`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::report::Import;
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use crate::import::world::{self, Ours};
use crate::reading::read_names;
use crate::source::{Source, cause};
use crate::text::quoted;
use crate::yaml::Yaml;
use crate::{Diagnostic, Place, Severity, UnitName};

/// Whose service directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Runit,
    Daemontools,
}

/// Imports service directories.
pub(super) fn import(dialect: Dialect, sources: &[PathBuf], unreadable: &mut Vec<Diagnostic>) -> Vec<Import> {
    let names = sources.iter().filter_map(|source| source.file_name());
    let batch: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    sources
        .iter()
        .filter_map(|source| {
            let error = |error| {
                Diagnostic::new(
                    Severity::Error,
                    Place::whole(source.as_path()),
                    format!("unable to read: {}", cause(&error)),
                )
            };
            read_names(source)
                .map(|names| directory(dialect, source, &names, &batch))
                .map_err(|e| unreadable.push(error(e)))
                .ok()
        })
        .collect()
}

fn directory(dialect: Dialect, source: &Path, names: &[String], batch: &BTreeSet<String>) -> Import {
    let source = &fs::canonicalize(source).unwrap_or_else(|_| source.into());
    let mut report = Report::new(source.as_path());
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = match UnitName::new(&name) {
        Ok(name) => name,
        Err(message) => {
            report.decide(report.place(0), format!("rename the directory: {message}"));
            return report.finish(Vec::new());
        }
    };
    let mut sketch = Sketch::new(name, "longrun");
    sketch.bundle("default");
    sketch.edge(Strength::Needs, "local");
    sketch.condition("path", source.join("run").to_string_lossy());
    sketch.set_text("servicedir", source.to_string_lossy());
    for name in names {
        file(dialect, source, name, batch, &mut sketch, &mut report);
    }
    if !names.iter().any(|name| name == "run") {
        report.decide(report.place(0), "it has no run: there is nothing to supervise");
        return report.finish(Vec::new());
    }
    report.finish(vec![sketch])
}

/// One file of the directory.
fn file(
    dialect: Dialect,
    source: &Path,
    name: &str,
    batch: &BTreeSet<String>,
    sketch: &mut Sketch,
    report: &mut Report,
) {
    let path = source.join(name);
    let place = Place::whole(path.as_path());
    match name {
        "run" => run(&path, batch, sketch, report),
        "finish" if dialect == Dialect::Runit => {
            report.approximated(name, place, "is run, with s6's arguments unless a file dialect says runit");
        }
        "control" if dialect == Dialect::Runit => report.kept(name, place, "obeyed by supervise"),
        _ if OBEYED.contains(&name) => {
            let whose = if dialect == Dialect::Runit { "runsv" } else { "daemontools" };
            report.approximated(name, place, format!("obeyed by supervise, which {whose} does not do"));
        }
        "log" => report.kept(name, place, "its own logger"),
        "down" => {
            sketch.bundles.clear();
            report.kept(name, place, "in no bundle");
        }
        "check" if dialect == Dialect::Runit => {
            let script = format!("cd {} && exec ./check", shell::quote(&source.to_string_lossy()));
            let ready =
                vec![("exec".into(), Yaml::texts(["/bin/sh", "-c", &script])), ("every".into(), Yaml::text("1s"))];
            sketch.set("ready", Yaml::Map(ready));
            report.kept(name, place, "as ready: exec");
        }
        "timeout-kill" => timeout(&path, "stop-timeout", sketch, report),
        "supervise" => report.kept(name, place, "its supervise's state, which ours replaces"),
        _ => other(name, place, report),
    }
}

/// What supervise itself obeys.
const OBEYED: [&str; 9] = [
    "finish",
    "control",
    "notification-fd",
    "timeout-finish",
    "down-signal",
    "reload-signal",
    "max-death-tally",
    "lock-fd",
    "flag-newpidns",
];

/// A file that says something to supervise, or to `run`.
pub(super) fn other(name: &str, place: Place, report: &mut Report) {
    match OBEYED.contains(&name) {
        true => report.kept(name, place, "obeyed by supervise"),
        false => report.kept(name, place, "stays where run finds it"),
    }
}

/// What holds for every `run`: it must be a program, and `..` is another directory than it was.
pub(super) fn program(path: &Path, unless: &str, report: &mut Report) {
    let is_program = fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0);
    if !is_program {
        report.decide(Place::whole(path), format!("make run executable{unless}"));
    }
    let Ok(script) = Source::read(path) else { return };
    let upwards = (1..).zip(script.text.lines()).find(|(_, line)| line.contains("../") && !line.starts_with('#'));
    if let Some((line, _)) = upwards {
        let place = Place { line, ..Place::whole(path) };
        report.decide(place, "write ../ as a whole path: run is started in a directory of links to this one's files");
    }
}

fn run(path: &Path, batch: &BTreeSet<String>, sketch: &mut Sketch, report: &mut Report) {
    let place = Place::whole(path);
    report.kept("run", place, "as servicedir");
    program(path, "", report);
    let Ok(script) = Source::read(path) else { return };
    for (number, line) in (1..).zip(script.text.lines()) {
        let place = Place { line: number, ..Place::whole(path) };
        for needed in asked_for(line) {
            need(needed, &place, batch, sketch, report);
        }
    }
}

/// `sv start NEEDED` in `run`.
fn need(needed: &str, place: &Place, batch: &BTreeSet<String>, sketch: &mut Sketch, report: &mut Report) {
    let unit = match world::ours(needed) {
        Some(Ours::Unit(unit)) if !batch.contains(needed) => unit,
        _ => needed,
    };
    if unit == sketch.name.as_str() {
        return report.kept("sv start", place.clone(), "it is the unit itself; the line stays in run");
    }
    sketch.edge(Strength::Needs, unit);
    report.approximated("sv start", place.clone(), format!("as needs: [{unit}]; the line stays in run"));
    if unit == needed && !batch.contains(needed) {
        let text = format!("nothing provides {}: import it too, or take it out of needs", quoted(needed));
        report.decide(place.clone(), text);
    }
}

/// The services that a line of `run` has started before it goes on.
fn asked_for(line: &str) -> Vec<&str> {
    let line = line.trim();
    let commands = line.split(['|', '&', ';']).map(str::trim);
    let lists = commands.filter_map(|command| {
        let mut words = command.split_whitespace().skip_while(|word| *word == "if" || *word == "!");
        let is_sv = words.next().is_some_and(|word| word == "sv" || word.ends_with("/sv"));
        let is_asking = words.next().is_some_and(|word| matches!(word, "start" | "check" | "up" | "once"));
        (is_sv && is_asking && !line.starts_with('#')).then_some(words)
    });
    lists
        .flatten()
        .take_while(|word| !word.starts_with(['>', '2', '$']))
        .filter(|word| UnitName::new(word).is_ok())
        .collect()
}

/// A file with milliseconds → a deadline; 0 means none.
pub(super) fn timeout(path: &Path, key: &'static str, sketch: &mut Sketch, report: &mut Report) {
    let place = Place::whole(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match number(path) {
        Some(0) if key == "start-timeout" => {
            sketch.set_text(key, "none");
            report.kept(&name, place, "as start-timeout: none");
        }
        Some(0) => report.approximated(&name, place, "every stop has a deadline here: 10s"),
        Some(milliseconds) if milliseconds <= 604_800_000 => {
            let duration = std::time::Duration::from_millis(milliseconds);
            sketch.set_text(key, crate::print::duration(duration));
            report.kept(&name, place, format!("as {key}"));
        }
        _ => report.dropped(&name, place, "not a number of milliseconds"),
    }
}

fn number(path: &Path) -> Option<u64> {
    Source::read(path).ok()?.text.trim().parse().ok()
}
