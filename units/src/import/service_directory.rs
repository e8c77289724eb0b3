//! Service directories of runit and daemontools: each stays what it is, as `servicedir`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::directories;
use super::report::{Import, Verdict};
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use crate::import::world::{self, Ours};
use crate::source::Source;
use crate::text::quoted;
use crate::yaml::Yaml;
use crate::{Diagnostic, Place, UnitName};

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
    directories(sources, unreadable, |source, names| {
        let directory = Directory { dialect, source, batch: &batch };
        directory.import(names)
    })
}

/// A service directory among others.
struct Directory<'a> {
    dialect: Dialect,
    source: &'a Path,
    /// The names of what is imported together.
    batch: &'a BTreeSet<String>,
}

impl Directory<'_> {
    fn import(&self, names: &[String]) -> Import {
        let mut report = Report::new(self.source);
        let name = self.source.file_name().unwrap_or_default().to_string_lossy();
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
        sketch.condition("path", self.source.join("run").to_string_lossy());
        sketch.set_text("servicedir", self.source.to_string_lossy());
        for name in names {
            let path = self.source.join(name);
            let verdict = self.file(name, &path, &mut sketch);
            report.tell(name, Place::whole(path.as_path()), verdict);
            if name == "run" {
                self.asked_for(&path, &mut sketch, &mut report);
            }
        }
        if !names.iter().any(|name| name == "run") {
            report.decide(report.place(0), "it has no run: there is nothing to supervise");
            return report.finish(Vec::new());
        }
        report.finish(vec![sketch])
    }

    /// What becomes of a file.
    fn file(&self, name: &str, path: &Path, sketch: &mut Sketch) -> Verdict {
        let is_runit = self.dialect == Dialect::Runit;
        match name {
            "run" => Verdict::kept("as servicedir"),
            "log" => Verdict::kept("its own logger"),
            "down" => {
                sketch.bundles.clear();
                Verdict::kept("in no bundle")
            }
            "supervise" => Verdict::kept("its supervise's state, which ours replaces"),
            "finish" if is_runit => {
                Verdict::approximated("is run, with s6's arguments unless a file dialect says runit")
            }
            "control" if is_runit => Verdict::kept("obeyed by supervise"),
            "check" if is_runit => {
                let script = format!("cd {} && exec ./check", shell::quote(&self.source.to_string_lossy()));
                let exec = ("exec".into(), Yaml::texts(["/bin/sh", "-c", &script]));
                sketch.set("ready", Yaml::Map(vec![exec, ("every".into(), Yaml::text("1s"))]));
                Verdict::kept("as ready: exec")
            }
            "timeout-kill" => timeout(path, "stop-timeout", sketch),
            _ if OBEYED.contains(&name) => {
                let whose = if is_runit { "runsv" } else { "daemontools" };
                Verdict::approximated(format!("obeyed by supervise, which {whose} does not do"))
            }
            _ => Verdict::kept("stays where run finds it"),
        }
    }

    /// What its `run` has started before it goes on becomes edges.
    fn asked_for(&self, run: &Path, sketch: &mut Sketch, report: &mut Report) {
        program(run, "", report);
        let Ok(script) = Source::read(run) else { return };
        for (line, text) in (1..).zip(script.text.lines()) {
            for needed in asked_for(text) {
                let verdict = self.need(needed, sketch);
                report.tell("sv start", Place { line, ..Place::whole(run) }, verdict);
            }
        }
    }

    /// `sv start NEEDED` in `run`.
    fn need(&self, needed: &str, sketch: &mut Sketch) -> Verdict {
        let is_here = self.batch.contains(needed);
        let unit = match world::ours(needed) {
            Some(Ours::Unit(unit)) if !is_here => unit,
            _ => needed,
        };
        if unit == sketch.name.as_str() {
            return Verdict::kept("it is the unit itself; the line stays in run");
        }
        sketch.edge(Strength::Needs, unit);
        let verdict = Verdict::approximated(format!("as needs: [{unit}]; the line stays in run"));
        match unit == needed && !is_here {
            true => {
                verdict.decide(format!("nothing provides {}: import it too, or take it out of needs", quoted(needed)))
            }
            false => verdict,
        }
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
pub(super) fn other(name: &str) -> Verdict {
    match OBEYED.contains(&name) {
        true => Verdict::kept("obeyed by supervise"),
        false => Verdict::kept("stays where run finds it"),
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
pub(super) fn timeout(path: &Path, key: &'static str, sketch: &mut Sketch) -> Verdict {
    match number(path) {
        Some(0) if key == "start-timeout" => {
            sketch.set_text(key, "none");
            Verdict::kept("as start-timeout: none")
        }
        Some(0) => Verdict::approximated("every stop has a deadline here: 10s"),
        Some(milliseconds) if milliseconds <= 604_800_000 => {
            sketch.set_text(key, crate::print::duration(std::time::Duration::from_millis(milliseconds)));
            Verdict::kept(format!("as {key}"))
        }
        _ => Verdict::dropped("not a number of milliseconds"),
    }
}

fn number(path: &Path) -> Option<u64> {
    Source::read(path).ok()?.text.trim().parse().ok()
}
