//! OpenRC's init.d scripts, as far as they can be understood without being run.
//!
//! A script that names a command which stays in the foreground, or leaves its number in a file, and has no `start` of its
//! own, becomes a longrun. Every other one becomes a one-shot that runs the script by `openrc-run`, as before.

mod script;

use std::collections::BTreeMap;

use super::report::Import;
use super::shell;
use super::sketch::{Report, Sketch, Strength};
use super::world::{self, Ours};
use crate::source::Source;
use crate::yaml::Yaml;
use crate::{Place, UnitName};
use script::{Line, Script};

/// What OpenRC's own services are called here.
const SERVICES: [(&str, &str); 27] = [
    ("net", "network"),
    ("net.lo", "loopback"),
    ("loopback", "loopback"),
    ("localmount", "mounts"),
    ("netmount", "mounts"),
    ("mtab", "mounts"),
    ("root", "root-rw"),
    ("fsck", "fsck-root"),
    ("swap", "swap"),
    ("bootmisc", "tmpfiles"),
    ("tmpfiles.setup", "tmpfiles"),
    ("stand-alone", "tmpfiles"),
    ("logger", "rsyslog"),
    ("dns", "network"),
    ("clock", "clock"),
    ("hwclock", "clock"),
    ("swclock", "clock"),
    ("sysctl", "sysctl"),
    ("modules", "modules"),
    ("hostname", "hostname"),
    ("seedrng", "random-seed"),
    ("urandom", "random-seed"),
    ("entropy", "random-seed"),
    ("udev", "udevd"),
    ("udev-trigger", "udev-coldplug"),
    ("udev-settle", "udev-settle"),
    ("dev", "udev-settle"),
];

/// Beginnings of variables that OpenRC itself reads, which nothing does in a longrun, and why nothing is lost or what is.
pub(super) const UNREAD: [(&str, &str); 20] = [
    ("capabilities", "write it as capabilities"),
    ("chroot", "it has the root of the system"),
    ("cgroup", "each unit has a control group of its own"),
    ("command_args_background", "it stays in the foreground"),
    ("command_progress", "there are no dots to print"),
    ("description_", "there are no further verbs"),
    ("error_", "every unit has a log of its own"),
    ("extra_", "there are no further verbs"),
    ("healthcheck_", "nobody asks whether it is well once it is up"),
    ("input_", "standard input is /dev/null"),
    ("in_background_fake", "openrc-run does not run it"),
    ("no_new_privs", "write it as no-new-privileges"),
    ("opts", "there are no further verbs"),
    ("output_", "every unit has a log of its own"),
    ("procname", "supervise knows the process"),
    ("rc_", "openrc-run does not run it"),
    ("respawn_", "max-deaths needs respawn_max and respawn_period; waits grow from 1 s to 60 s"),
    ("retry", "a stop is stop-signal, and after stop-timeout KILL"),
    ("secbits", "has no counterpart"),
    ("start_stop_daemon", "start-stop-daemon does not run it"),
];

/// Functions that say how a service is started and stopped.
const STARTING: [&str; 2] = ["start", "stop"];

/// Imports scripts that refer to each other.
pub(super) fn import(files: &[Source]) -> Vec<Import> {
    let scripts: Vec<(&Source, Script)> = files.iter().map(|file| (file, Script::read(file))).collect();
    let mut providers: BTreeMap<String, String> = BTreeMap::new();
    for (file, script) in &scripts {
        providers.insert(name(file), name(file));
        for (_, names, _) in dependencies(script).iter().filter(|(word, _, _)| word == "provide") {
            names.iter().for_each(|virtual_name| {
                providers.entry(virtual_name.clone()).or_insert_with(|| name(file));
            });
        }
    }
    scripts.iter().map(|(file, script)| one(file, script, &providers)).collect()
}

fn name(file: &Source) -> String {
    file.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn one(file: &Source, script: &Script, providers: &BTreeMap<String, String>) -> Import {
    let mut report = Report::new(&*file.file);
    let unit = match UnitName::new(&name(file)) {
        Ok(unit) => unit,
        Err(message) => {
            report.decide(report.place(0), format!("rename the script: {message}"));
            return report.finish(Vec::new());
        }
    };
    let manner = manner(script);
    let is_longrun = manner != Manner::Script;
    let mut sketch = Sketch::new(unit, if is_longrun { "longrun" } else { "oneshot" });
    sketch.bundle("default");
    let description = script.variable("description").and_then(shell::literal);
    sketch.description = description.or_else(|| script.variable("name").and_then(shell::literal)).unwrap_or_default();
    match &manner {
        Manner::Script => by_openrc(&mut sketch),
        Manner::Foreground => longrun(script, &mut sketch),
        Manner::Forking(pidfile) => {
            longrun(script, &mut sketch);
            sketch.set_text("forks", "true");
            sketch.set_text("pidfile", pidfile);
        }
    }
    respawning(script, &mut sketch);
    depend(script, providers, &mut sketch, &mut report);
    variables(script, &mut sketch, &mut report);
    functions(script, is_longrun, &mut report);
    report.finish(vec![sketch])
}

/// How a script's service is run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Manner {
    /// In the foreground.
    Foreground,
    /// In the background, with its number in this file.
    Forking(String),
    /// As the script does it.
    Script,
}

fn manner(script: &Script) -> Manner {
    let value = |name: &str| script.variable(name).and_then(shell::literal);
    let is_supervised = script.variable("supervisor").is_some();
    let is_put_there = value("command_background").is_some_and(|value| value == "yes" || value == "true");
    let has_own = STARTING.iter().any(|name| script.function(name).is_some());
    match value("pidfile").filter(|path| path.starts_with('/')) {
        _ if script.variable("command").is_none() || has_own => Manner::Script,
        _ if is_supervised || is_put_there => Manner::Foreground,
        Some(pidfile) if script.variable("command_background").is_none() => Manner::Forking(pidfile),
        _ => Manner::Script,
    }
}

/// What supervise-daemon is told of services that end, and what is asked of a stop.
fn respawning(script: &Script, sketch: &mut Sketch) {
    let value = |name: &str| script.variable(name).and_then(shell::literal);
    let number = |name: &str| value(name)?.parse::<u32>().ok().filter(|number| (1..=10_000).contains(number));
    if sketch.kind != "longrun" {
        return;
    }
    if let (Some(most), Some(period)) = (number("respawn_max"), number("respawn_period")) {
        sketch.set_text(
            "max-deaths",
            format!("{most} in {}", crate::print::duration(std::time::Duration::from_secs(period.into()))),
        );
    }
    if let Some(signal) = value("stopsig").filter(|signal| crate::Signal::new(signal).is_some()) {
        sketch.set_text("stop-signal", signal.strip_prefix("SIG").unwrap_or(&signal));
    }
    if let Some(descriptor) = value("notify").as_deref().and_then(|way| way.strip_prefix("fd:")) {
        sketch.set("ready", Yaml::one("fd", Yaml::text(descriptor)));
    }
}

/// The assignments as they are, the administrator's after them, and the command in the foreground.
fn longrun(script: &Script, sketch: &mut Sketch) {
    let mut text = format!("RC_SVCNAME={0}\nSVCNAME={0}\n", shell::quote(sketch.name.as_str()));
    let configuration = format!("/etc/conf.d/{}", sketch.name);
    text += &format!("if [ -e {0} ]; then . {0}; fi\n", shell::quote(&configuration));
    for (name, value, _) in &script.assignments {
        text += &format!("{name}={value}\n");
    }
    text += "${umask:+umask \"$umask\"}\n${directory:+cd \"$directory\"}\n";
    let user = match script.variable("command_user") {
        Some(_) => {
            "setpriv --reuid=\"${command_user%%:*}\" --regid=\"$(id -g \"${command_user%%:*}\")\" --init-groups "
        }
        None => "",
    };
    text += &format!(
        "eval \"exec {user_word} $command $command_args $command_args_foreground\"\n",
        user_word = user.replace('"', "\\\"")
    );
    sketch.set("run", Yaml::Text(text));
}

fn by_openrc(sketch: &mut Sketch) {
    let path = format!("/etc/init.d/{}", sketch.name);
    sketch.condition("path", "/sbin/openrc-run");
    sketch.condition("path", &path);
    sketch.set("start", Yaml::texts([&path, "start"]));
    sketch.set("stop", Yaml::texts([&path, "stop"]));
}

/// The words of `depend`: command, names, line.
fn dependencies(script: &Script) -> Vec<(String, Vec<String>, &Line)> {
    let body = script.function("depend").map_or(&[][..], |function| &function.body);
    let commands = body.iter().flat_map(|line| line.text.split(';').map(move |command| (command, line)));
    let words = commands.map(|(command, line)| {
        let plain = command.split('#').next().unwrap_or_default();
        (plain.split_whitespace().map(String::from).collect::<Vec<String>>(), line)
    });
    words.filter_map(|(words, line)| Some((words.first()?.clone(), words[1..].to_vec(), line))).collect()
}

fn depend(script: &Script, providers: &BTreeMap<String, String>, sketch: &mut Sketch, report: &mut Report) {
    for (word, names, line) in dependencies(script) {
        let place = report.place(line.number);
        let strength = match word.as_str() {
            "need" => Strength::Needs,
            "use" | "want" => Strength::Wants,
            "after" => Strength::After,
            "before" => Strength::Before,
            "provide" => {
                let reason = format!("what is imported with it finds {} as {}", names.join(", "), sketch.name);
                report.approximated(&word, place, reason);
                continue;
            }
            "keyword" => {
                names.iter().for_each(|name| keyword(name, place.clone(), sketch, report));
                continue;
            }
            _ => {
                report.dropped(line.text.trim(), place.clone(), "only the words of depend are understood");
                report.decide(place, format!("see what this makes depend on what: {}", line.text.trim()));
                continue;
            }
        };
        for name in &names {
            edge(&word, name, strength, place.clone(), providers, sketch, report);
        }
    }
}

fn edge(
    word: &str,
    name: &str,
    strength: Strength,
    place: Place,
    providers: &BTreeMap<String, String>,
    sketch: &mut Sketch,
    report: &mut Report,
) {
    let directive = format!("{word} {name}");
    let shipped = || SERVICES.iter().find(|(other, _)| *other == name).map(|(_, unit)| (*unit).to_owned());
    let by_debian = || match world::ours(name) {
        Some(Ours::Unit(unit)) => Some(unit.to_owned()),
        _ => None,
    };
    let known = providers.get(name).cloned().or_else(shipped).or_else(by_debian);
    let unit = known.clone().unwrap_or_else(|| name.into());
    if name == "*" || name.contains('$') || UnitName::new(&unit).is_err() {
        report.dropped(&directive, place.clone(), "no name of a unit");
        return report.decide(place, format!("say which units are meant: {directive}"));
    }
    sketch.edge(strength, &unit);
    match (word, &known) {
        ("use", _) => report.approximated(
            &directive,
            place,
            format!("as wants: [{unit}]; use starts only what is in the run level"),
        ),
        (_, Some(_)) => report.kept(&directive, place, format!("as an edge to {unit}")),
        ("need", None) => {
            report.kept(&directive, place.clone(), format!("as needs: [{unit}]"));
            report.decide(place, format!("nothing provides {unit}: import it too, or take it out of needs"));
        }
        (_, None) => report.kept(&directive, place, format!("as an edge to {unit}, which was not imported with it")),
    }
}

fn keyword(name: &str, place: Place, sketch: &mut Sketch, report: &mut Report) {
    let directive = format!("keyword {name}");
    match name {
        "-docker" | "-lxc" | "-openvz" | "-podman" | "-systemd-nspawn" | "-vserver" | "-prefix" | "-rkt" | "-uml" => {
            sketch.condition("container", "false");
            report.approximated(&directive, place, "as if: {container: false}");
        }
        "-containers" => {
            sketch.condition("container", "false");
            report.kept(&directive, place, "as if: {container: false}");
        }
        "-timeout" => {
            sketch.set_text("start-timeout", "none");
            report.kept(&directive, place, "as start-timeout: none");
        }
        "-stop" | "-shutdown" => report.approximated(&directive, place, "every unit stops at shutdown"),
        _ => report.dropped(&directive, place, "has no counterpart"),
    }
}

fn variables(script: &Script, sketch: &mut Sketch, report: &mut Report) {
    for (name, value, line) in &script.assignments {
        let place = report.place(*line);
        match (name.as_str(), sketch.kind) {
            ("description", _) if shell::literal(value).is_some() => report.kept(name, place, "as description"),
            ("required_files" | "required_dirs", _) => required(name, value, place, sketch, report),
            ("pidfile", "longrun") if sketch.has("pidfile") => report.kept(name, place, "as pidfile"),
            ("pidfile", "longrun") => report.dropped(name, place, "supervise knows the process"),
            ("stopsig", "longrun") if sketch.has("stop-signal") => report.kept(name, place, "as stop-signal"),
            ("notify", "longrun") if sketch.has("ready") => report.kept(name, place, "as ready: fd"),
            ("respawn_max" | "respawn_period", "longrun") if sketch.has("max-deaths") => {
                report.approximated(name, place, "as max-deaths; waits between starts grow, so that fewer fit");
            }
            (name, "longrun") if unread(name).is_some() => {
                report.dropped(name, place, unread(name).unwrap_or_default());
            }
            (name, "longrun") => report.approximated(name, place, "a line of run"),
            (name, _) => report.kept(name, place, "read by openrc-run"),
        }
    }
    for line in &script.others {
        let place = report.place(line.number);
        match sketch.kind {
            "longrun" => {
                report.dropped(&line.text, place.clone(), "not an assignment");
                report.decide(place, format!("see whether run needs this: {}", line.text.trim()));
            }
            _ => report.kept(&line.text, place, "read by openrc-run"),
        }
    }
}

/// Why a variable is not read, if it is one that OpenRC reads.
fn unread(name: &str) -> Option<&'static str> {
    UNREAD.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, why)| *why)
}

fn required(name: &str, value: &str, place: Place, sketch: &mut Sketch, report: &mut Report) {
    let paths = value.trim().trim_matches(['"', '\'']);
    match paths.split_whitespace().all(|path| path.starts_with('/') && !path.contains(['$', '`'])) {
        true => {
            paths.split_whitespace().for_each(|path| sketch.condition("path", path));
            report.approximated(name, place, "as if: {path: …}, without which the unit is skipped");
        }
        false => report.dropped(name, place, "depends on other variables"),
    }
}

fn functions(script: &Script, is_longrun: bool, report: &mut Report) {
    for function in script.functions.iter().filter(|function| function.name != "depend") {
        let place = report.place(function.line);
        let directive = format!("{}()", function.name);
        if !is_longrun {
            report.kept(&directive, place, "run by openrc-run");
            continue;
        }
        report.dropped(&directive, place.clone(), "cannot be understood without being run");
        report.decide(place, format!("see what {directive} does, and whether run needs it"));
    }
    if !is_longrun {
        let place = report.place(0);
        report.approximated("(script)", place, "a oneshot by openrc-run, which must be there: nothing supervises it");
    }
}
