//! LSB init scripts, with all that Debian's insserv knows of their headers.
//!
//! A script becomes a one-shot that runs it with `start` and `stop`. Our engine stops in the reverse of the order in
//! which it starts, so that the keys for stopping only add what the keys for starting do not say already.

mod batch;
mod conf;
mod facility;
mod header;
mod target;

use super::report::{Import, Verdict};
use super::sketch::{Report, Sketch, Strength};
use super::world::{self, Ours};
use crate::UnitName;
use crate::source::Source;
use crate::yaml::Yaml;
use batch::Batch;
use conf::Conf;
pub(super) use conf::{beside, is_in_scripts};
pub(crate) use facility::ours;
use header::{Field, Key};

/// How long a script may take: it may start something large, and nothing ever limited it before.
const START_TIMEOUT: &str = "5m";

/// How long stopping may take; it may wait for what it started.
const STOP_TIMEOUT: &str = "1m";

/// A script with its header.
struct Script {
    name: UnitName,
    path: String,
    fields: Vec<Field>,
    report: Report,
}

impl Script {
    fn field(&self, key: Key) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    fn words(&self, key: Key) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().filter(move |field| field.key == key);
        fields.flat_map(|field| field.value.split_whitespace())
    }

    /// What it provides: the script's own name where the header does not say.
    fn provides(&self) -> Vec<&str> {
        let words: Vec<&str> = self.words(Key::Provides).collect();
        if words.is_empty() { vec![self.name.as_str()] } else { words }
    }

    /// Whether a name is the script's, or that of something it provides, with or without `.sh`.
    fn is_called(&self, is_it: impl Fn(&str) -> bool) -> bool {
        let mut names = self.provides().into_iter().chain([self.name.as_str()]);
        names.any(|name| is_it(name) || name.strip_suffix(".sh").is_some_and(&is_it))
    }

    fn replacement(&self) -> Option<Ours> {
        self.provides().into_iter().chain([self.name.as_str()]).find_map(world::replaced)
    }

    /// Whether it only does something when the machine goes down.
    fn is_for_stopping(&self) -> bool {
        let is_down = |word: &str| word == "0" || word == "6";
        self.words(Key::DefaultStart).next().is_none() && self.words(Key::DefaultStop).any(is_down)
    }
}

/// Imports scripts that refer to each other, by what the files of insserv.conf among them say.
pub(super) fn import(files: &[Source]) -> Vec<Import> {
    let (conf_files, files): (Vec<&Source>, Vec<&Source>) = files.iter().partition(|file| conf::is_conf(&file.file));
    let conf = Conf::read(&conf_files);
    let mut imports = Vec::new();
    let mut scripts: Vec<Script> = Vec::new();
    for file in files {
        match script(file) {
            Ok(script) if script.replacement().is_some() => imports.push(replaced(script)),
            Ok(script) => scripts.push(script),
            Err(report) => imports.push(report.finish(Vec::new())),
        }
    }
    let mut batch = Batch::new(&scripts, &conf);
    for script in &mut scripts {
        let sketch = draw(script);
        batch.add(sketch);
    }
    for script in &mut scripts {
        batch.starting_edges(script);
    }
    for script in &mut scripts {
        batch.last_of_all(script);
        batch.stopping_edges(script);
    }
    imports.extend(conf_files.into_iter().map(|file| conf::report(file, &batch, &scripts)));
    for script in scripts {
        let sketch = batch.take(&script.name);
        imports.push(script.report.finish(sketch.into_iter().collect()));
    }
    imports.sort_by(|one, other| one.source.cmp(&other.source));
    imports
}

/// Whether a file has what makes it an init script.
pub(super) fn has_header(file: &Source) -> bool {
    header::read(file).is_some()
}

fn script(file: &Source) -> Result<Script, Report> {
    let mut report = Report::new(&*file.file);
    let file_name = file.file.file_name().unwrap_or_default().to_string_lossy();
    let name = match UnitName::new(&file_name) {
        Ok(name) => name,
        Err(message) => {
            report.decide(report.place(0), format!("rename the script: {message}"));
            return Err(report);
        }
    };
    let fields = header::read(file).unwrap_or_else(|| {
        let place = report.place(0);
        report.tell(
            "(no header)",
            place.clone(),
            Verdict::approximated("taken to need $remote_fs and $syslog, as Debian does"),
        );
        report.decide(place, "give the script an LSB header, or its unit the edges that it needs");
        legacy_fields()
    });
    Ok(Script { path: format!("/etc/init.d/{name}"), name, fields, report })
}

/// What Debian takes for the header of a script that has none.
fn legacy_fields() -> Vec<Field> {
    let field = |key, value: &str| Field { key, name: String::new(), value: value.into(), line: 0 };
    vec![
        field(Key::RequiredStart, "$remote_fs $syslog"),
        field(Key::RequiredStop, "$remote_fs $syslog"),
        field(Key::DefaultStart, "2 3 4 5"),
        field(Key::DefaultStop, "0 1 6"),
    ]
}

/// A script that sunup does the work of.
fn replaced(mut script: Script) -> Import {
    let reason = match script.replacement() {
        Some(Ours::Unit(unit)) => format!("sunup's unit {unit} does this"),
        Some(Ours::Stage(what)) => what.into(),
        None => String::new(),
    };
    for field in &script.fields {
        script.report.tell(&field.name, script.report.place(field.line), Verdict::dropped(reason.as_str()));
    }
    script.report.finish(Vec::new())
}

/// Everything but the edges.
fn draw(script: &mut Script) -> Sketch {
    let mut sketch = Sketch::new(script.name.clone(), "oneshot");
    sketch.condition("path", &script.path);
    let path = script.path.as_str();
    match script.is_for_stopping() {
        true => sketch.set("start", Yaml::texts([path, "stop"])),
        false => {
            sketch.set("start", Yaml::texts([path, "start"]));
            sketch.set("stop", Yaml::texts([path, "stop"]));
        }
    }
    sketch.set_text("start-timeout", START_TIMEOUT);
    sketch.set_text("stop-timeout", STOP_TIMEOUT);
    for field in script.fields.clone() {
        let verdict = keep(script, &mut sketch, &field);
        // What Debian takes for a header is not in the script.
        if let Some(verdict) = verdict.filter(|_| field.line > 0) {
            script.report.tell(&field.name, script.report.place(field.line), verdict);
        }
    }
    if sketch.description.is_empty() {
        sketch.description = script.field(Key::Description).map_or_else(String::new, |field| field.value.clone());
    }
    if let Some(Ours::Unit(unit)) = script.provides().into_iter().find_map(world::ours) {
        let place = script.report.place(0);
        script.report.decide(place, format!("sunup ships a unit {unit} for this: use one of the two"));
    }
    sketch
}

/// What becomes of a field; `None`: it is about edges, which are drawn later.
fn keep(script: &Script, sketch: &mut Sketch, field: &Field) -> Option<Verdict> {
    Some(match field.key {
        Key::ShortDescription => {
            sketch.description = field.value.clone();
            Verdict::kept("as description")
        }
        Key::Description if field.value.is_empty() => Verdict::kept("empty"),
        Key::Description => {
            sketch.comment(&field.value);
            Verdict::approximated("as a comment above the unit")
        }
        // Nobody could answer it: without a deadline it would wait for ever.
        Key::XInteractive if field.value.eq_ignore_ascii_case("true") => Verdict::dropped("the console is not its own"),
        Key::XInteractive => Verdict::kept("it is not interactive"),
        Key::Unknown => Verdict::dropped("insserv has no such key"),
        Key::Provides => provided(script, field),
        Key::DefaultStart => started(field, sketch),
        Key::DefaultStop if script.is_for_stopping() => {
            sketch.bundle("shutdown");
            Verdict::approximated("its stop is what the bundle shutdown starts")
        }
        Key::DefaultStop if field.value.contains('0') && field.value.contains('6') => {
            Verdict::kept("stops at shutdown")
        }
        Key::DefaultStop => Verdict::approximated("stops at shutdown, as every unit does"),
        _ => return None,
    })
}

fn provided(script: &Script, field: &Field) -> Verdict {
    let others: Vec<&str> = field.value.split_whitespace().filter(|name| *name != script.name.as_str()).collect();
    match others.is_empty() {
        true => Verdict::kept("it is the unit's name"),
        false => {
            let names = others.join(", ");
            Verdict::approximated(format!("what is imported with it finds {names} as {}", script.name))
        }
    }
}

/// Run levels → bundles.
fn started(field: &Field, sketch: &mut Sketch) -> Verdict {
    const ORDINARY: &str = "2345";
    field.value.chars().filter_map(world::bundle_of_level).for_each(|bundle| sketch.bundle(bundle));
    let has = |levels: &str| field.value.contains(|level| levels.contains(level));
    match sketch.bundles.is_empty() {
        true => Verdict::kept("in no bundle"),
        false if has("Ss") => Verdict::approximated("in the bundle default, in the order of its edges only"),
        false if has(ORDINARY) && !ORDINARY.chars().all(|level| field.value.contains(level)) => {
            Verdict::approximated("in the bundle default, which is all of 2 to 5")
        }
        false => Verdict::kept(format!("in the bundle {}", sketch.bundles.join(", "))),
    }
}

/// How strongly the edges of a key bind; `None`: it is no key of edges for starting.
fn starting(key: Key) -> Option<Strength> {
    match key {
        Key::RequiredStart => Some(Strength::Needs),
        Key::ShouldStart => Some(Strength::After),
        Key::XStartBefore => Some(Strength::Before),
        _ => None,
    }
}
