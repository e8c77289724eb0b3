//! s6-rc's source directories: `type`, and what belongs to it.
//!
//! A bundle has no unit; its members come out in a bundle of its name, and who depends on it depends on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::report::Import;
use super::service_directory::{other, program, timeout};
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use crate::reading::read_names;
use crate::source::{Source, cause};
use crate::text::quoted;
use crate::yaml::Yaml;
use crate::{Diagnostic, Place, Severity, UnitName};

/// A bundle and the file that names its members.
type Bundles = BTreeMap<String, Vec<String>>;

/// Imports source directories that refer to each other.
pub(super) fn import(sources: &[PathBuf], unreadable: &mut Vec<Diagnostic>) -> Vec<Import> {
    let bundles: Bundles = sources
        .iter()
        .filter(|source| kind(source) == "bundle")
        .map(|source| (name(source), names_in(source, "contents").into_iter().map(|(name, _)| name).collect()))
        .collect();
    let directories = sources.iter().filter_map(|source| {
        let error = |error| {
            let message = format!("unable to read: {}", cause(&error));
            Diagnostic::new(Severity::Error, Place::whole(source.as_path()), message)
        };
        read_names(source).map(|names| directory(source, &names, &bundles)).map_err(|e| unreadable.push(error(e))).ok()
    });
    directories.collect()
}

fn name(source: &Path) -> String {
    source.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn kind(source: &Path) -> String {
    Source::read(&source.join("type")).map_or_else(|_| String::new(), |file| file.text.trim().into())
}

/// The names in a file, one a line, or in a directory `NAME.d`, each with its place.
fn names_in(source: &Path, file: &str) -> Vec<(String, Place)> {
    let path = source.join(file);
    let text = Source::read(&path).map_or_else(|_| "".into(), |file| file.text);
    let lines = (1..)
        .zip(text.lines())
        .map(|(line, text)| (text.trim().to_owned(), Place { line, ..Place::whole(path.as_path()) }));
    let directory = source.join(format!("{file}.d"));
    let entries = read_names(&directory).unwrap_or_default().into_iter();
    let entries = entries.map(|name| (name.clone(), Place::whole(directory.join(name))));
    lines.filter(|(name, _)| !name.is_empty() && !name.starts_with('#')).chain(entries).collect()
}

/// A name with the bundles in it replaced by their members, without recursion.
fn expand(name: &str, bundles: &Bundles) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![name.to_owned()];
    let mut members = Vec::new();
    while let Some(name) = waiting.pop() {
        match bundles.get(&name) {
            _ if !seen.insert(name.clone()) => {}
            Some(inside) => waiting.extend(inside.iter().rev().cloned()),
            None => members.push(name),
        }
    }
    members
}

fn directory(source: &Path, names: &[String], bundles: &Bundles) -> Import {
    let source = &fs::canonicalize(source).unwrap_or_else(|_| source.into());
    let mut report = Report::new(source.as_path());
    let place = report.place(0);
    let unit = match UnitName::new(&name(source)) {
        Ok(unit) => unit,
        Err(message) => {
            report.decide(place, format!("rename the directory: {message}"));
            return report.finish(Vec::new());
        }
    };
    let kind = match kind(source).as_str() {
        "longrun" => "longrun",
        "oneshot" => "oneshot",
        "bundle" => return bundle(source, names, bundles, report),
        other => {
            report.decide(place, format!("type must be longrun, oneshot or bundle, not {}", quoted(other)));
            return report.finish(Vec::new());
        }
    };
    let mut sketch = Sketch::new(unit, kind);
    let is_in = |bundle: &str| expand(bundle, bundles).iter().any(|member| *member == name(source));
    bundles.keys().filter(|bundle| is_in(bundle)).for_each(|bundle| sketch.bundle(bundle));
    for name in names {
        file(source, name, bundles, &mut sketch, &mut report);
    }
    if kind == "longrun" && names.iter().any(|name| name == "consumer-for") {
        report.decide(place, "it reads what another writes: give that one a log key, or keep the pipe yourself");
    }
    let wanted = if kind == "longrun" { "run" } else { "up" };
    if !names.iter().any(|name| name == wanted) {
        match kind {
            "oneshot" => sketch.set("start", Yaml::texts(["true"])),
            _ => report.decide(report.place(0), "it has no run: there is nothing to supervise"),
        }
    }
    report.finish(vec![sketch])
}

fn bundle(source: &Path, names: &[String], bundles: &Bundles, mut report: Report) -> Import {
    let members = expand(&name(source), bundles).join(" ");
    for name in names {
        let place = Place::whole(source.join(name));
        match name.as_str() {
            "type" => report.kept(name, place, "a bundle"),
            "contents" | "contents.d" => report.kept(name, place, format!("in the bundle: {members}")),
            "flag-essential" | "essential" => report.dropped(name, place, "every unit can be stopped"),
            _ => report.dropped(name, place, "a bundle has no such file"),
        }
    }
    report.finish(Vec::new())
}

/// One file of the directory.
fn file(source: &Path, name: &str, bundles: &Bundles, sketch: &mut Sketch, report: &mut Report) {
    let path = source.join(name);
    let place = Place::whole(path.as_path());
    match (sketch.kind, name) {
        (kind, "type") => report.kept(name, place, format!("kind: {kind}")),
        (_, "dependencies" | "dependencies.d") => dependencies(source, name, bundles, sketch, report),
        ("longrun", "run") => run(source, sketch, report),
        ("oneshot", "up" | "down") => line(&path, if name == "up" { "start" } else { "stop" }, sketch, report),
        (_, "timeout-up") => timeout(&path, "start-timeout", sketch, report),
        (_, "timeout-down") => timeout(&path, "stop-timeout", sketch, report),
        ("longrun", "timeout-kill") => timeout(&path, "stop-timeout", sketch, report),
        ("longrun", "producer-for") => report.approximated(name, place, "as log: auto: a logger of its own"),
        ("longrun", "consumer-for" | "pipeline-name") => {
            report.dropped(name, place, "there are no pipelines: a unit has a log key")
        }
        (_, "flag-essential") => report.dropped(name, place, "every unit can be stopped"),
        (_, "flag-recommended") => report.dropped(name, place, "put it into a bundle instead"),
        ("longrun", _) => other(name, place, report),
        _ => report.kept(name, place, "stays where it is"),
    }
}

fn dependencies(source: &Path, name: &str, bundles: &Bundles, sketch: &mut Sketch, report: &mut Report) {
    let base = name.strip_suffix(".d").unwrap_or(name);
    let own = |place: &Place| place.file.starts_with(source.join("dependencies.d")) == name.ends_with(".d");
    for (needed, place) in names_in(source, base).into_iter().filter(|(_, place)| own(place)) {
        let members = expand(&needed, bundles);
        for member in &members {
            sketch.edge(Strength::Needs, member);
        }
        match UnitName::new(&needed) {
            Ok(_) => {
                let is_absent = |member: &&String| !source.with_file_name(member).join("type").exists();
                for absent in members.iter().filter(is_absent) {
                    let text = format!("nothing provides {}: import it too, or take it out of needs", quoted(absent));
                    report.decide(place.clone(), text);
                }
                report.kept(&format!("{base}: {needed}"), place, format!("as needs: [{}]", members.join(", ")));
            }
            Err(message) => report.dropped(&format!("{base}: {needed}"), place, message),
        }
    }
}

fn run(source: &Path, sketch: &mut Sketch, report: &mut Report) {
    let path = source.join("run");
    sketch.condition("path", path.to_string_lossy());
    sketch.set_text("servicedir", source.to_string_lossy());
    report.kept("run", Place::whole(path.as_path()), "as servicedir");
    program(&path, ": s6-rc did that when it compiled", report);
}

/// `up` and `down`: a command line in execline's language.
fn line(path: &Path, key: &'static str, sketch: &mut Sketch, report: &mut Report) {
    let name = if key == "start" { "up" } else { "down" };
    let place = Place::whole(path);
    let text = match Source::read(path) {
        Ok(file) => file.text,
        Err(error) => return report.decide(place, error.message),
    };
    match shell::plain_words(text.trim()) {
        Some(words) => {
            sketch.set(key, Yaml::texts(words));
            report.kept(name, place, format!("as {key}"));
        }
        None if text.trim().is_empty() => {
            if key == "start" {
                sketch.set(key, Yaml::texts(["true"]));
            }
            report.kept(name, place, "does nothing");
        }
        None => {
            sketch.set(key, Yaml::texts(["execlineb", "-P", "-c", &text]));
            report.kept(name, place, format!("as {key}, by execlineb"));
        }
    }
}
