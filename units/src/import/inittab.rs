//! sysvinit's `/etc/inittab`: `id:runlevels:action:process`.

use super::report::Import;
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use super::world;
use crate::source::Source;
use crate::text::quoted;
use crate::yaml::Yaml;
use crate::{Place, UnitName};

/// Programs that ask for a login.
const GETTIES: [&str; 6] = ["getty", "agetty", "mgetty", "mingetty", "fgetty", "ngetty"];

/// Scripts that run the scripts of a run level.
const RUN_LEVEL_SCRIPTS: [&str; 4] = ["/etc/init.d/rc", "/etc/init.d/rcS", "/etc/rc.d/rc", "/etc/rc.d/rc.sysinit"];

/// A line of the table.
struct Line<'a> {
    id: &'a str,
    levels: &'a str,
    action: &'a str,
    process: &'a str,
    place: Place,
}

impl Line<'_> {
    fn name(&self) -> String {
        format!("{}:{}:{}", self.id, self.levels, self.action)
    }
}

/// Imports the table.
pub(super) fn import(file: &Source) -> Import {
    let mut report = Report::new(&*file.file);
    let mut sketches: Vec<Sketch> = Vec::new();
    for (number, text) in (1..).zip(file.text.lines()) {
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let place = report.place(number);
        let mut fields = text.splitn(4, ':');
        let (Some(id), Some(levels), Some(action)) = (fields.next(), fields.next(), fields.next()) else {
            report.dropped(text, place.clone(), "no line of an inittab");
            report.decide(place, format!("mend the line {}", quoted(text)));
            continue;
        };
        let process = fields.next().unwrap_or_default().trim();
        let line = Line { id: id.trim(), levels, action: action.trim(), process, place };
        if let Some(sketch) = draw(&line, &mut report) {
            match sketches.iter().any(|other| other.name == sketch.name) {
                true => report.decide(line.place, format!("the id {} stands there twice: rename one", quoted(line.id))),
                false => sketches.push(sketch),
            }
        }
    }
    report.finish(sketches)
}

fn draw(line: &Line, report: &mut Report) -> Option<Sketch> {
    let place = line.place.clone();
    match line.action {
        "respawn" | "ondemand" => respawned(line, report),
        "sysinit" | "boot" | "bootwait" | "wait" | "once" => run_once(line, report),
        "initdefault" => {
            report.approximated(&line.name(), place, "the bundle default boots");
            None
        }
        "off" => {
            report.kept(&line.name(), place, "it is turned off");
            None
        }
        "ctrlaltdel" | "kbrequest" | "powerwait" | "powerfail" | "powerokwait" | "powerfailnow" => {
            report.dropped(&line.name(), place.clone(), format!("process 1 runs {} for it", handler(line.action)));
            if !is_restart(line) {
                let what = quoted(line.process);
                report.decide(place, format!("write {what} into {} if it is still wanted", handler(line.action)));
            }
            None
        }
        action => {
            report.dropped(&line.name(), place.clone(), format!("there is no action {}", quoted(action)));
            report.decide(place, format!("mend the action {}", quoted(action)));
            None
        }
    }
}

fn is_restart(line: &Line) -> bool {
    line.action == "ctrlaltdel" && line.process.contains("shutdown") && line.process.contains("-r")
}

fn handler(action: &str) -> &'static str {
    match action {
        "ctrlaltdel" => ".svscan/SIGINT",
        "kbrequest" => ".svscan/SIGWINCH",
        _ => ".svscan/SIGPWR",
    }
}

/// The command without the signs before it, which say what only sysvinit does.
fn command(line: &Line, exec: bool) -> Yaml {
    let process = line.process.trim_start_matches(['+', '@']);
    match shell::plain_words(process) {
        Some(words) => Yaml::texts(words),
        None if exec && !process.starts_with("exec ") && !process.contains([';', '|', '&', '\n']) => {
            Yaml::Text(format!("exec {process}\n"))
        }
        None => Yaml::Text(format!("{process}\n")),
    }
}

fn sketch(line: &Line, kind: &'static str, report: &mut Report) -> Option<Sketch> {
    let process = line.process.trim_start_matches(['+', '@']);
    if process.is_empty() {
        report.dropped(&line.name(), line.place.clone(), "it has no process");
        return None;
    }
    let terminal = terminal(process);
    let id = line.id.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let name = terminal.map_or_else(|| format!("inittab-{id}"), |terminal| format!("getty-{terminal}"));
    match UnitName::new(&name) {
        Ok(name) => {
            let mut sketch = Sketch::new(name, kind);
            sketch.description =
                terminal.map_or_else(|| format!("{} of inittab", line.id), |terminal| format!("Login on {terminal}"));
            let levels = if line.levels.is_empty() { "2" } else { line.levels };
            levels.chars().filter_map(world::bundle_of_level).for_each(|bundle| sketch.bundle(bundle));
            Some(sketch)
        }
        Err(message) => {
            report.dropped(&line.name(), line.place.clone(), message.as_str());
            report.decide(line.place.clone(), format!("give the line another id: {message}"));
            None
        }
    }
}

/// The terminal of a getty.
fn terminal(process: &str) -> Option<&str> {
    let mut words = process.split_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    let is_terminal =
        |word: &&str| ["tty", "hvc", "console", "xvc", "ttyS"].iter().any(|begin| word.starts_with(begin));
    GETTIES.contains(&program).then(|| words.map(|word| word.trim_start_matches("/dev/")).find(is_terminal)).flatten()
}

fn respawned(line: &Line, report: &mut Report) -> Option<Sketch> {
    let mut sketch = sketch(line, "longrun", report)?;
    sketch.set("run", command(line, true));
    if terminal(line.process.trim_start_matches(['+', '@'])).is_some() {
        sketch.edge(Strength::After, "root-rw");
        sketch.set_text("kill-mode", "main");
    } else {
        sketch.edge(Strength::Needs, "local");
    }
    match line.action {
        "ondemand" => {
            sketch.bundles.clear();
            report.approximated(&line.name(), line.place.clone(), format!("in no bundle: sunup start {}", sketch.name));
        }
        _ => report.kept(&line.name(), line.place.clone(), format!("as the longrun {}", sketch.name)),
    }
    Some(sketch)
}

fn run_once(line: &Line, report: &mut Report) -> Option<Sketch> {
    let program = line.process.split_whitespace().next().unwrap_or_default();
    if RUN_LEVEL_SCRIPTS.contains(&program) {
        report.dropped(&line.name(), line.place.clone(), "the engine does this: sunup import lsb /etc/init.d");
        return None;
    }
    if program.ends_with("/sulogin") {
        report.dropped(&line.name(), line.place.clone(), "the bundle rescue does this");
        return None;
    }
    let mut sketch = sketch(line, "oneshot", report)?;
    sketch.set("start", command(line, false));
    match line.action {
        "sysinit" => {
            sketch.edge(Strength::After, "root-rw");
            sketch.edge(Strength::Before, "local");
        }
        _ => sketch.edge(Strength::Needs, "local"),
    }
    let reason = match line.action {
        "sysinit" => "as a oneshot before local; nothing else waits for it",
        "once" => "as a oneshot, which is up once it has ended",
        _ => "as a oneshot; what must wait for it needs an edge",
    };
    report.approximated(&line.name(), line.place.clone(), reason);
    Some(sketch)
}
