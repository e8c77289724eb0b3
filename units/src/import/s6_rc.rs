//! s6-rc's source directories: `type`, and what belongs to it.
//!
//! A bundle has no unit; its members come out in a bundle of its name, and who depends on it depends on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::directories;
use super::report::{Import, Verdict};
use super::service_directory::{other, program, timeout};
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use crate::reading::read_names;
use crate::source::Source;
use crate::text::quoted;
use crate::yaml::Yaml;
use crate::{Diagnostic, Place, UnitName};

/// A bundle and the file that names its members.
type Bundles = BTreeMap<String, Vec<String>>;

/// Imports source directories that refer to each other.
pub(super) fn import(sources: &[PathBuf], unreadable: &mut Vec<Diagnostic>) -> Vec<Import> {
    let bundles: Bundles = sources
        .iter()
        .filter(|source| kind(source) == "bundle")
        .map(|source| (name(source), names_in(source, "contents").into_iter().map(|(name, _)| name).collect()))
        .collect();
    directories(sources, unreadable, |source, names| directory(source, names, &bundles))
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
    let mut report = Report::new(source);
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
            "type" => report.tell(name, place, Verdict::kept("a bundle")),
            "contents" | "contents.d" => report.tell(name, place, Verdict::kept(format!("in the bundle: {members}"))),
            "flag-essential" | "essential" => report.tell(name, place, Verdict::dropped("every unit can be stopped")),
            _ => report.tell(name, place, Verdict::dropped("a bundle has no such file")),
        }
    }
    report.finish(Vec::new())
}

/// One file of the directory.
fn file(source: &Path, name: &str, bundles: &Bundles, sketch: &mut Sketch, report: &mut Report) {
    let path = source.join(name);
    let verdict = match (sketch.kind, name) {
        (_, "dependencies" | "dependencies.d") => return dependencies(source, name, bundles, sketch, report),
        (kind, "type") => Verdict::kept(format!("kind: {kind}")),
        ("longrun", "run") => {
            sketch.condition("path", path.to_string_lossy());
            sketch.set_text("servicedir", source.to_string_lossy());
            program(&path, ": s6-rc did that when it compiled", report);
            Verdict::kept("as servicedir")
        }
        ("oneshot", "up") => line(&path, "start", sketch),
        ("oneshot", "down") => line(&path, "stop", sketch),
        (_, "timeout-up") => timeout(&path, "start-timeout", sketch),
        (_, "timeout-down") | ("longrun", "timeout-kill") => timeout(&path, "stop-timeout", sketch),
        ("longrun", "producer-for") => Verdict::approximated("as log: auto: a logger of its own"),
        ("longrun", "consumer-for" | "pipeline-name") => {
            Verdict::dropped("there are no pipelines: a unit has a log key")
        }
        (_, "flag-essential") => Verdict::dropped("every unit can be stopped"),
        (_, "flag-recommended") => Verdict::dropped("put it into a bundle instead"),
        ("longrun", _) => other(name),
        _ => Verdict::kept("stays where it is"),
    };
    report.tell(name, Place::whole(path), verdict);
}

fn dependencies(source: &Path, name: &str, bundles: &Bundles, sketch: &mut Sketch, report: &mut Report) {
    let base = name.strip_suffix(".d").unwrap_or(name);
    let own = |place: &Place| place.file.starts_with(source.join("dependencies.d")) == name.ends_with(".d");
    for (needed, place) in names_in(source, base).into_iter().filter(|(_, place)| own(place)) {
        let members = expand(&needed, bundles);
        members.iter().for_each(|member| sketch.edge(Strength::Needs, member));
        let is_absent = |member: &&String| !source.with_file_name(member).join("type").exists();
        let absent = members.iter().filter(is_absent).map(|absent| quoted(absent));
        let decisions =
            absent.map(|absent| format!("nothing provides {absent}: import it too, or take it out of needs"));
        let verdict = match UnitName::new(&needed) {
            Ok(_) => decisions.fold(Verdict::kept(format!("as needs: [{}]", members.join(", "))), Verdict::decide),
            Err(message) => Verdict::dropped(message),
        };
        report.tell(&format!("{base}: {needed}"), place, verdict);
    }
}

/// `up` and `down`: a command line in execline's language.
fn line(path: &Path, key: &'static str, sketch: &mut Sketch) -> Verdict {
    let text = match Source::read(path) {
        Ok(file) => file.text,
        Err(error) => return Verdict::dropped(error.message.clone()).decide(error.message),
    };
    match shell::plain_words(text.trim()) {
        Some(words) => {
            sketch.set(key, Yaml::texts(words));
            Verdict::kept(format!("as {key}"))
        }
        None if text.trim().is_empty() => {
            if key == "start" {
                sketch.set(key, Yaml::texts(["true"]));
            }
            Verdict::kept("does nothing")
        }
        None => {
            sketch.set(key, Yaml::texts(["execlineb", "-P", "-c", &text]));
            Verdict::kept(format!("as {key}, by execlineb"))
        }
    }
}
