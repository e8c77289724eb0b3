//! systemd's unit files: services, with their sockets, and targets become units; timers and the rest become decisions.

mod calendar;
mod conditions;
mod elsewhere;
mod file;
mod files;
mod install;
mod names;
mod relations;
mod service;
mod sockets;
mod span;
mod specifiers;
pub(super) mod table;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::report::{Import, Verdict};
use super::sketch::{Sketch, Strength};
use super::world::{self, Ours};
use crate::Diagnostic;
use crate::UnitName;
use crate::source::Source;
use crate::yaml::Yaml;
use elsewhere::elsewhere;
use file::{Setting, last};
use files::File;
use names::Here;
pub(crate) use names::ours;
use relations::Others;
use service::{Manner, Service};
use sockets::Sockets;

/// The ends of the names of unit files.
pub(super) const SUFFIXES: [&str; 9] =
    [".service", ".socket", ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice"];

/// Imports unit files that refer to each other, with the drop-ins that lie beside them or in one of `directories`.
pub(super) fn import(files: &[Source], directories: &[PathBuf], unreadable: &mut Vec<Diagnostic>) -> Vec<Import> {
    let files = files::read(files, directories, unreadable);
    let units = files.iter().filter(|file| fate(file) == Made::Unit);
    let names = units.map(|file| file.name.strip_suffix(".service").unwrap_or(&file.name).to_owned());
    let aliases = files.iter().flat_map(|file| install::aliases(&file.settings)).map(str::to_owned);
    let batch: BTreeSet<String> = names.chain(aliases).collect();
    let sockets = Sockets::of(&files, &batch);
    files.into_iter().map(|file| one(file, &batch, &sockets)).collect()
}

/// What is made of a file.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    /// A unit.
    Unit,
    /// Keys of the unit that its sockets are for.
    Sockets,
    /// Nothing: it says that there is no such unit.
    Masked,
    /// Nothing: another file of its name comes first.
    Hidden,
    /// Nothing: sunup has something for it; what.
    Ours(String),
    /// Nothing: something else does it here.
    Elsewhere,
}

fn fate(file: &File) -> Made {
    let find = || names::find(&file.name, &BTreeSet::new());
    match file.suffix() {
        _ if file.is_hidden => Made::Hidden,
        _ if file.is_empty() => Made::Masked,
        _ if names::is_systemds(&file.name) => match find() {
            Here::Unit(unit, _) => Made::Ours(format!("sunup's unit {unit} is this")),
            Here::Given(why) | Here::Nothing(why) => Made::Ours(why.into()),
        },
        "target" => match find() {
            Here::Given(why) | Here::Nothing(why) => Made::Ours(why.into()),
            Here::Unit(..) => Made::Unit,
        },
        "service" => Made::Unit,
        "socket" => Made::Sockets,
        _ => Made::Elsewhere,
    }
}

fn one(mut file: File, batch: &BTreeSet<String>, sockets: &Sockets) -> Import {
    for (setting, reason) in std::mem::take(&mut file.replaced) {
        file.report.tell(&setting.directive(), setting.place, Verdict::dropped(reason));
    }
    for (line, place) in std::mem::take(&mut file.others) {
        file.report.tell(&line, place, Verdict::dropped("neither a section nor an assignment"));
    }
    match fate(&file) {
        Made::Unit => unit(file, batch, sockets),
        Made::Sockets => sockets.report(file),
        Made::Masked => {
            let place = file.report.place(0);
            file.report.tell("(empty)", place, Verdict::kept("masked: there is no such unit"));
            nothing(file, "")
        }
        Made::Hidden => nothing(file, "a file of its name comes first"),
        Made::Ours(reason) => nothing(file, &reason),
        Made::Elsewhere => {
            let elsewhere = elsewhere(file.suffix(), file.stem(), &file.settings);
            let place = file.report.place(0);
            file.report.decide(place, elsewhere.decision);
            nothing(file, elsewhere.reason)
        }
    }
}

/// A file that no unit comes of.
fn nothing(mut file: File, reason: &str) -> Import {
    for setting in file.settings {
        file.report.tell(&setting.directive(), setting.place, Verdict::dropped(reason));
    }
    file.report.finish(Vec::new())
}

fn unit(mut file: File, batch: &BTreeSet<String>, sockets: &Sockets) -> Import {
    let named = if file.suffix() == "target" { &file.name } else { file.stem() };
    let place = file.report.place(0);
    let name = match UnitName::new(named) {
        Ok(name) => name,
        Err(message) => {
            file.report.decide(place, format!("rename it: {message}"));
            return nothing(file, "its name can be no unit's here");
        }
    };
    if let Some(Ours::Unit(unit)) = world::ours(name.as_str()) {
        file.report.decide(place, format!("sunup ships a unit {unit} for this: use one of the two"));
    }
    let manner = service::manner(&file.settings);
    let kind = match (file.suffix(), manner) {
        ("target", _) => "milestone",
        (_, Manner::Oneshot) => "oneshot",
        _ => "longrun",
    };
    let offered = sockets.for_unit(name.as_str());
    let mut sketch = Sketch::new(name, kind);
    if kind == "longrun" && !offered.is_empty() {
        sketch.set("sockets", Yaml::texts(offered));
    }
    draw(file, sketch, manner, batch)
}

fn draw(file: File, mut sketch: Sketch, manner: Manner, batch: &BTreeSet<String>) -> Import {
    let File { settings, mut report, .. } = file;
    let is_running = sketch.kind != "milestone";
    if is_running && !last(&settings, "Unit", "DefaultDependencies").is_some_and(Setting::is_false) {
        sketch.edge(Strength::Needs, "local");
    }
    let mut service = Service::new(manner, &settings, &sketch.name);
    let others = Others::new(&settings, batch);
    for setting in &settings {
        let verdict = match setting.section.as_str() {
            "Unit" => about(setting, &mut sketch)
                .or_else(|| others.take(setting, &mut sketch))
                .or_else(|| conditions::take(setting, &settings, &mut sketch)),
            "Service" => service.take(setting, &mut sketch),
            "Install" => install::take(setting, &mut sketch),
            _ => None,
        };
        let verdict = verdict
            .or_else(|| service::start_limit(setting, &settings, &mut sketch))
            .unwrap_or_else(|| table::verdict(setting));
        report.tell(&setting.directive(), setting.place.clone(), known(setting, verdict));
    }
    if is_running {
        let place = report.place(0);
        service.write(&mut sketch, &mut report, place);
    }
    report.finish(vec![sketch])
}

/// What is said of a setting, if something of it is known only to systemd.
fn known(setting: &Setting, verdict: Verdict) -> Verdict {
    match &setting.decisions[..] {
        [] => verdict,
        decisions => decisions.iter().cloned().fold(verdict.but("a specifier is left to decide"), Verdict::decide),
    }
}

/// What a unit says of itself.
fn about(setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
    match setting.key.as_str() {
        "Description" => {
            sketch.description = setting.value.clone();
            Some(Verdict::kept("as description"))
        }
        "Documentation" => {
            sketch.comment(format!("See {}", setting.value));
            Some(Verdict::approximated("as a comment above the unit"))
        }
        "RequiresMountsFor" | "WantsMountsFor" => {
            sketch.edge(Strength::Wants, "mounts");
            Some(Verdict::approximated("as wants: [mounts]"))
        }
        _ => None,
    }
}
