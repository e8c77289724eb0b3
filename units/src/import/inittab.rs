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
            let verdict = Verdict::dropped("no line of an inittab");
            report.tell(text, place, verdict.decide(format!("mend the line {}", quoted(text))));
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

/// Makes a unit of a line, if one comes of it, and tells of the line.
fn draw(line: &Line, report: &mut Report) -> Option<Sketch> {
    let drawn = match line.action {
        "respawn" | "ondemand" => respawned(line),
        "sysinit" | "boot" | "bootwait" | "wait" | "once" => run_once(line),
        _ if is_event(line) => on_event(line),
        _ => Err(told(line)),
    };
    let (sketch, verdict) = match drawn {
        Ok((sketch, verdict)) => (Some(sketch), verdict),
        Err(verdict) => (None, verdict),
    };
    report.tell(&line.name(), line.place.clone(), verdict);
    sketch
}

/// What is told of an action that no unit comes of.
fn told(line: &Line) -> Verdict {
    match line.action {
        "initdefault" => {
            let verdict = Verdict::approximated("the bundle default boots");
            match line.levels.starts_with(['1', 'S', 's']) {
                true => {
                    verdict.decide("a boot into level 1 is the bundle rescue: say rescue on the kernel command line")
                }
                false => verdict,
            }
        }
        "off" => Verdict::kept("it is turned off"),
        "ctrlaltdel" if is_restart(line) => Verdict::kept("process 1 reboots the machine"),
        "ctrlaltdel" => {
            let what = quoted(line.process);
            let decision = format!("write {what} into .svscan/SIGINT of the scan directory if it is still wanted");
            Verdict::dropped("process 1 reboots the machine").decide(decision)
        }
        action => {
            let action = quoted(action);
            Verdict::dropped(format!("there is no action {action}")).decide(format!("mend the action {action}"))
        }
    }
}

/// The unit that comes of a line and what is told of the line; or, where none comes of it, only that.
type Drawn = Result<(Sketch, Verdict), Verdict>;

fn is_restart(line: &Line) -> bool {
    line.action == "ctrlaltdel" && line.process.contains("shutdown") && line.process.contains("-r")
}

fn is_event(line: &Line) -> bool {
    EVENTS.iter().any(|(action, _)| *action == line.action)
}

/// A oneshot in no bundle, which process 1 restarts by its name.
fn on_event(line: &Line) -> Drawn {
    let unit = EVENTS.iter().find(|(action, _)| *action == line.action).map_or("", |(_, unit)| unit);
    let mut sketch = sketch(line, "oneshot")?;
    let Ok(name) = UnitName::new(unit) else { return Err(Verdict::dropped("no such event")) };
    sketch.name = name;
    sketch.set("start", command(line, false));
    sketch.bundles.clear();
    let verdict = Verdict::approximated(format!("as the oneshot {unit}, which process 1 restarts"));
    let text = "say signals: sysvinit in sunup.yaml: else a power supply that fails stops the machine at once";
    Ok((sketch, if unit == "kbrequest" { verdict } else { verdict.decide(text) }))
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

/// A unit with all that its lines have in common; or else what becomes of the line.
fn sketch(line: &Line, kind: &'static str) -> Result<Sketch, Verdict> {
    let process = line.process.trim_start_matches(['+', '@']);
    if process.is_empty() {
        return Err(Verdict::dropped("it has no process"));
    }
    let terminal = terminal(process);
    let id = line.id.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let name = terminal.map_or_else(|| format!("inittab-{id}"), |terminal| format!("getty-{terminal}"));
    let name = UnitName::new(&name)
        .map_err(|message| Verdict::dropped(message.as_str()).decide(format!("give the line another id: {message}")))?;
    let mut sketch = Sketch::new(name, kind);
    sketch.description =
        terminal.map_or_else(|| format!("{} of inittab", line.id), |terminal| format!("Login on {terminal}"));
    line.bundles().for_each(|bundle| sketch.bundle(bundle));
    Ok(sketch)
}

/// The terminal of a getty.
fn terminal(process: &str) -> Option<&str> {
    let mut words = process.split_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    let is_terminal =
        |word: &&str| ["tty", "hvc", "console", "xvc", "ttyS"].iter().any(|begin| word.starts_with(begin));
    GETTIES.contains(&program).then(|| words.map(|word| word.trim_start_matches("/dev/")).find(is_terminal)).flatten()
}

fn respawned(line: &Line) -> Drawn {
    let mut sketch = sketch(line, "longrun")?;
    sketch.set("run", command(line, true));
    if terminal(line.process.trim_start_matches(['+', '@'])).is_some() {
        sketch.edge(Strength::After, "root-rw");
        sketch.set_text("kill-mode", "main");
    } else {
        sketch.edge(Strength::Needs, "local");
    }
    let verdict = match line.action {
        "ondemand" => {
            sketch.bundles.clear();
            Verdict::approximated(format!("in no bundle: sunup start {}", sketch.name))
        }
        _ => Verdict::kept(format!("as the longrun {}", sketch.name)).but_perhaps(line.loss()),
    };
    Ok((sketch, verdict))
}

fn run_once(line: &Line) -> Drawn {
    let program = line.process.split_whitespace().next().unwrap_or_default();
    if RUN_LEVEL_SCRIPTS.contains(&program) {
        return Err(Verdict::dropped("the engine does this: sunup import lsb /etc/init.d"));
    }
    if program.ends_with("/sulogin") {
        return Err(Verdict::dropped("the bundle rescue does this"));
    }
    let mut sketch = sketch(line, "oneshot")?;
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
    Ok((sketch, Verdict::approximated(reason).but_perhaps(line.loss())))
}
