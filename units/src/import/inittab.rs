//! sysvinit's `/etc/inittab`: `id:runlevels:action:process`.

use super::report::{Import, Verdict};
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

/// Actions that process 1 is told of, and the unit that it restarts then.
const EVENTS: [(&str, &str); 5] = [
    ("kbrequest", "kbrequest"),
    ("powerwait", "powerfail"),
    ("powerfail", "powerfail"),
    ("powerokwait", "powerokwait"),
    ("powerfailnow", "powerfailnow"),
];

/// Actions of the boot, which count whatever their levels.
const OF_THE_BOOT: [&str; 3] = ["sysinit", "boot", "bootwait"];

/// A line of the table.
struct Line<'a> {
    id: &'a str,
    levels: &'a str,
    action: &'a str,
    process: &'a str,
    place: Place,
    /// The level that the table boots.
    default: Option<char>,
}

impl Line<'_> {
    fn name(&self) -> String {
        format!("{}:{}:{}", self.id, self.levels, self.action)
    }

    /// The bundles that its levels are. Of the levels between 2 and 9 only the one that boots is the bundle default.
    fn bundles(&self) -> impl Iterator<Item = &'static str> {
        let is_everywhere = self.levels.is_empty() || OF_THE_BOOT.contains(&self.action);
        let levels = if is_everywhere { "2" } else { self.levels };
        let counts = move |level: &char| match self.default {
            Some(default) if !is_everywhere && ('2'..='9').contains(level) => *level == default,
            _ => true,
        };
        levels.chars().filter(counts).filter_map(world::bundle_of_level)
    }

    /// What is lost of its levels.
    fn loss(&self) -> Option<&'static str> {
        self.bundles().next().is_none().then_some("in no bundle: none of its levels is the one that boots")
    }
}

/// The level that a table boots, if that is an ordinary one.
fn default_level(text: &str) -> Option<char> {
    let is_it = |line: &&str| {
        let is_action = line.split(':').nth(2).is_some_and(|action| action.trim() == "initdefault");
        is_action && !line.trim_start().starts_with('#')
    };
    let line = text.lines().find(is_it);
    line?.split(':').nth(1)?.chars().find(|level| ('2'..='9').contains(level))
}

/// Imports the table.
pub(super) fn import(file: &Source) -> Import {
    let mut report = Report::new(&*file.file);
    let mut sketches: Vec<Sketch> = Vec::new();
    let default = default_level(&file.text);
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
        let line = Line { id: id.trim(), levels, action: action.trim(), process, place, default };
        if let Some(sketch) = draw(&line, &mut report) {
            match sketches.iter().any(|other| other.name == sketch.name) {
                true if is_event(&line) => {
                    let unit = quoted(sketch.name.as_str());
                    report.decide(line.place, format!("{unit} is an earlier line's: make one script of both commands"));
                }
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
            report.approximated(&line.name(), place.clone(), "the bundle default boots");
            if line.levels.starts_with(['1', 'S', 's']) {
                report.decide(place, "a boot into level 1 is the bundle rescue: say rescue on the kernel command line");
            }
            None
        }
        "off" => {
            report.kept(&line.name(), place, "it is turned off");
            None
        }
        "ctrlaltdel" if is_restart(line) => {
            report.kept(&line.name(), place, "process 1 reboots the machine");
            None
        }
        "ctrlaltdel" => {
            report.dropped(&line.name(), place.clone(), "process 1 reboots the machine");
            let what = quoted(line.process);
            report
                .decide(place, format!("write {what} into .svscan/SIGINT of the scan directory if it is still wanted"));
            None
        }
        _ if is_event(line) => on_event(line, report),
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

fn is_event(line: &Line) -> bool {
    EVENTS.iter().any(|(action, _)| *action == line.action)
}

/// A oneshot in no bundle, which process 1 restarts by its name.
fn on_event(line: &Line, report: &mut Report) -> Option<Sketch> {
    let (_, unit) = EVENTS.iter().find(|(action, _)| *action == line.action)?;
    let mut sketch = sketch(line, "oneshot", report)?;
    sketch.name = UnitName::new(unit).ok()?;
    sketch.set("start", command(line, false));
    sketch.bundles.clear();
    report.approximated(&line.name(), line.place.clone(), format!("as the oneshot {unit}, which process 1 restarts"));
    if *unit != "kbrequest" {
        let text = "say signals: sysvinit in sunup.yaml: else a power supply that fails stops the machine at once";
        report.decide(line.place.clone(), text);
    }
    Some(sketch)
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
            line.bundles().for_each(|bundle| sketch.bundle(bundle));
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
        _ => {
            let verdict = Verdict::kept(format!("as the longrun {}", sketch.name)).but_perhaps(line.loss());
            report.tell(&line.name(), line.place.clone(), verdict);
        }
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
    report.tell(&line.name(), line.place.clone(), Verdict::approximated(reason).but_perhaps(line.loss()));
    Some(sketch)
}
