//! systemd's unit files: services, with their sockets, and targets become units; timers and the rest become decisions.

mod conditions;
mod file;
mod names;
mod relations;
mod service;
mod sockets;
mod span;
mod table;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use super::report::{Fate, Import};
use super::sketch::{INSTANCE, Report, Sketch, Strength};
use crate::reading::read_names;
use crate::source::Source;
use crate::yaml::Yaml;
use crate::{Diagnostic, Place, UnitName};
use file::Setting;
use names::Here;
pub(crate) use names::ours;
use relations::Context;
use service::{Manner, Service};
use sockets::Sockets;
use words::Names;

/// The ends of the names of unit files.
pub(super) const SUFFIXES: [&str; 9] =
    [".service", ".socket", ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice"];

/// A unit file with its drop-ins.
struct File {
    name: String,
    settings: Vec<Setting>,
    others: Vec<(String, Place)>,
    report: Report,
}

/// Imports unit files that refer to each other, with what is in their `NAME.d` directories.
pub(super) fn import(files: &[Source], unreadable: &mut Vec<Diagnostic>) -> Vec<Import> {
    let files: Vec<File> = files.iter().map(|file| read(file, unreadable)).collect();
    let names = files.iter().map(|file| file.name.strip_suffix(".service").unwrap_or(&file.name));
    let batch: BTreeSet<String> = names.map(str::to_owned).chain(files.iter().flat_map(aliases)).collect();
    let sockets = Sockets::of(&files, &batch);
    files.into_iter().map(|file| one(file, &batch, &sockets)).collect()
}

fn read(source: &Source, unreadable: &mut Vec<Diagnostic>) -> File {
    let (mut settings, mut others) = file::read(source);
    let name = source.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for drop_in in drop_ins(&source.file) {
        match Source::read(&drop_in) {
            Ok(source) => {
                let (more, other) = file::read(&source);
                settings.extend(more);
                others.extend(other);
            }
            Err(error) => unreadable.push(error),
        }
    }
    File { name, settings, others, report: Report::new(&*source.file) }
}

fn drop_ins(file: &Path) -> Vec<std::path::PathBuf> {
    let mut directory = file.as_os_str().to_owned();
    directory.push(".d");
    let names = read_names(Path::new(&directory)).unwrap_or_default();
    names.into_iter().filter(|name| name.ends_with(".conf")).map(|name| Path::new(&directory).join(name)).collect()
}

fn one(mut file: File, batch: &BTreeSet<String>, sockets: &Sockets) -> Import {
    for (line, place) in &file.others {
        file.report.dropped(line, place.clone(), "neither a section nor an assignment");
    }
    let (stem, suffix) = file.name.rsplit_once('.').unwrap_or((&file.name, ""));
    let place = file.report.place(0);
    if file.settings.is_empty() && file.others.is_empty() {
        file.report.kept("(empty)", place, "masked: there is no such unit");
        return file.report.finish(Vec::new());
    }
    match names::find(&file.name, &BTreeSet::new()) {
        Here::Unit(unit, _) if names::is_systemds(&file.name) => {
            return replaced_by(file, &format!("sunup's unit {unit} is this"));
        }
        Here::Given(why) | Here::Nothing(why) if suffix == "target" => return replaced_by(file, why),
        _ => {}
    }
    let named = if suffix == "target" { &file.name } else { stem };
    let name = match UnitName::new(named) {
        Ok(name) => name,
        Err(message) => return nothing(file, "its name can be no unit's here", &format!("rename it: {message}")),
    };
    let manner = service::manner(&file.settings);
    let mut sketch = match (suffix, manner) {
        ("service", Manner::Oneshot) => Sketch::new(name, "oneshot"),
        ("service", _) => Sketch::new(name, "longrun"),
        ("target", _) => Sketch::new(name, "milestone"),
        ("timer", _) => {
            return nothing(
                file,
                "nothing here starts units by the clock",
                &format!("have cron start it: sunup start {name}"),
            );
        }
        ("socket", _) => return sockets.report(file),
        ("mount" | "automount" | "swap", _) => {
            return nothing(file, "/etc/fstab is for this", "write it into /etc/fstab");
        }
        ("path", _) => return nothing(file, "nothing here starts units for a file", "start it otherwise"),
        _ => return nothing(file, "there are no slices: each unit has a control group of its own", "leave it out"),
    };
    if let Some(crate::import::world::Ours::Unit(unit)) = crate::import::world::ours(sketch.name.as_str()) {
        file.report.decide(place, format!("sunup ships a unit {unit} for this: use one of the two"));
    }
    let offered = sockets.for_unit(sketch.name.as_str());
    if sketch.kind == "longrun" && !offered.is_empty() {
        sketch.set("sockets", Yaml::texts(offered));
    }
    draw(file, sketch, manner, batch)
}

/// A file of systemd's own that sunup has something else for.
fn replaced_by(mut file: File, reason: &str) -> Import {
    for setting in &file.settings {
        file.report.dropped(&directive(setting), setting.place.clone(), reason);
    }
    file.report.finish(Vec::new())
}

/// A file that no unit comes of.
fn nothing(mut file: File, reason: &str, decision: &str) -> Import {
    for setting in &file.settings {
        file.report.dropped(&directive(setting), setting.place.clone(), reason);
    }
    let place = file.report.place(0);
    file.report.decide(place, decision);
    file.report.finish(Vec::new())
}

fn directive(setting: &Setting) -> String {
    format!("[{}] {}", setting.section, setting.key)
}

fn draw(file: File, mut sketch: Sketch, manner: Manner, batch: &BTreeSet<String>) -> Import {
    let File { name, settings, mut report, .. } = file;
    let names = service::names(&name.replace("@.", &format!("@{INSTANCE}.")), &settings);
    let mut service = Service::new(manner, &settings);
    let has_defaults = !settings
        .iter()
        .any(|one| one.key == "DefaultDependencies" && matches!(one.value.as_str(), "no" | "false" | "off" | "0"));
    if has_defaults && sketch.kind != "milestone" {
        sketch.edge(Strength::Needs, "local");
    }
    let afters = relations::afters(&settings, batch);
    for (index, setting) in settings.iter().enumerate() {
        if let Some(reason) = replaced(setting, &settings[index + 1..]) {
            report.dropped(&directive(setting), setting.place.clone(), reason);
            continue;
        }
        let value = expand(&names, setting, &mut report);
        let (fate, reason) = match setting.section.as_str() {
            "Unit" => unit(Context {
                setting,
                value: &value,
                afters: &afters,
                batch,
                sketch: &mut sketch,
                report: &mut report,
            }),
            "Service" => service.take(setting, &value, &mut sketch, &mut report),
            "Install" => install(setting, &value, &mut sketch, &mut report),
            _ => None,
        }
        .or_else(|| service::start_limit(setting, &settings, &mut sketch))
        .or_else(|| table::fate(&setting.key).map(|(fate, reason)| (fate, reason.to_owned())))
        .unwrap_or_else(|| (Fate::Dropped, "not known".into()));
        if setting.key == "Documentation" {
            sketch.comment(format!("See {value}"));
        }
        report.add(&directive(setting), setting.place.clone(), fate, reason);
    }
    if sketch.kind != "milestone" {
        let place = report.place(0);
        service.write(&mut sketch, &mut report, place);
    }
    let says_restart = || settings.iter().any(|one| one.section == "Service" && one.key == "Restart");
    if sketch.kind == "longrun" && !says_restart() {
        sketch.set_text("restart", "never");
    }
    report.finish(vec![sketch])
}

/// Why a setting does not count, if a later one replaces or clears it.
fn replaced(setting: &Setting, later: &[Setting]) -> Option<&'static str> {
    let mut same = later.iter().filter(|one| one.section == setting.section && one.key == setting.key);
    match table::is_single(&setting.key) {
        true => same.next().map(|_| "a later line replaces it"),
        false if table::is_cleared(&setting.key) && same.any(|one| one.value.is_empty()) => {
            Some("a later line clears it")
        }
        false => None,
    }
}

fn expand(names: &Names, setting: &Setting, report: &mut Report) -> String {
    let (value, unknown) = names.expand(&setting.value);
    if value.contains(INSTANCE)
        && ["%I", "%f"].iter().any(|one| setting.value.contains(one))
        && setting.key != "Description"
    {
        let text = "%I is the instance with its - as /: ${INSTANCE} is as it was written";
        report.decide(setting.place.clone(), text);
    }
    for specifier in unknown {
        report.decide(setting.place.clone(), format!("write what %{specifier} stands for: only systemd knows"));
    }
    value
}

fn unit(mut context: Context) -> Option<(Fate, String)> {
    match context.setting.key.as_str() {
        "Description" => {
            context.sketch.description = context.value.into();
            Some((Fate::Kept, "as description".into()))
        }
        "RequiresMountsFor" | "WantsMountsFor" => {
            context.sketch.edge(Strength::Wants, "mounts");
            Some((Fate::Approximated, "as wants: [mounts]".into()))
        }
        _ => context.take().or_else(|| conditions::take(context.setting, context.value, context.sketch)),
    }
}

fn install(setting: &Setting, value: &str, sketch: &mut Sketch, report: &mut Report) -> Option<(Fate, String)> {
    match setting.key.as_str() {
        "WantedBy" | "RequiredBy" | "UpheldBy" => {
            let mut fate = Fate::Kept;
            let mut reasons = Vec::new();
            for target in value.split_whitespace() {
                match names::bundle(target) {
                    Some((bundle, _)) if sketch.name.is_template() => {
                        fate = Fate::Approximated;
                        reasons.push(format!("an instance belongs into the bundle {bundle}"));
                    }
                    Some((bundle, is_it)) => {
                        sketch.bundle(bundle);
                        fate = fate.max(if is_it { Fate::Kept } else { Fate::Approximated });
                        reasons.push(format!("in the bundle {bundle}"));
                    }
                    None => {
                        fate = Fate::Approximated;
                        reasons.push(format!("{target} must name it"));
                        let key = if setting.key == "RequiredBy" { "needs" } else { "wants" };
                        report.decide(
                            setting.place.clone(),
                            format!("write {} into {key} of {target}'s unit", sketch.name),
                        );
                    }
                }
            }
            Some((fate, reasons.join("; ")))
        }
        "Also" => Some((Fate::Approximated, "import and enable it too".into())),
        "Alias" => Some(alias(value, sketch)),
        "DefaultInstance" => Some((Fate::Approximated, format!("sunup enable {}{value}", sketch.name))),
        _ => None,
    }
}

/// The further names of a file's unit.
fn aliases(file: &File) -> Vec<String> {
    let lines = file.settings.iter().filter(|one| one.section == "Install" && one.key == "Alias");
    let names = lines.flat_map(|one| one.value.split_whitespace());
    names.filter_map(|name| name.strip_suffix(".service")).map(Into::into).collect()
}

/// Further names of a unit; those of another kind of unit, and of instances, are no names here.
fn alias(value: &str, sketch: &mut Sketch) -> (Fate, String) {
    let names: Vec<&str> = value.split_whitespace().collect();
    let own = sketch.name.clone();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".service")).filter(|name| !name.contains('@'));
    let known: Vec<&str> =
        stems.filter(|name| UnitName::new(name).is_ok() && *name != own.as_str() && !own.is_template()).collect();
    known.iter().for_each(|name| sketch.provide(name));
    match (known.len() == names.len(), known.is_empty()) {
        (true, _) => (Fate::Kept, "as provides".into()),
        (false, false) => (Fate::Approximated, format!("as provides: {}", known.join(" "))),
        (false, true) => (Fate::Dropped, "no name that provides could have".into()),
    }
}
