//! OpenRC's init.d scripts, as far as they can be understood without being run.
//!
//! A script that names a command which stays in the foreground, or leaves its number in a file, and has no `start` of its
//! own, becomes a longrun. Every other one becomes a one-shot that runs the script by `openrc-run`, as before.

mod depend;
mod script;
pub(super) mod variables;

use super::report::{Import, Verdict};
use super::shell;
use super::sketch::{Report, Sketch};
use crate::UnitName;
use crate::source::Source;
use crate::yaml::Yaml;
use depend::Providers;
use script::Script;

/// Functions that say how a service is started and stopped.
const STARTING: [&str; 2] = ["start", "stop"];

/// Imports scripts that refer to each other.
pub(super) fn import(files: &[Source]) -> Vec<Import> {
    let scripts: Vec<(&Source, Script)> = files.iter().map(|file| (file, Script::read(file))).collect();
    let mut providers = Providers::new();
    for (file, script) in &scripts {
        providers.insert(name(file), name(file));
        for (_, names, _) in depend::words(script).iter().filter(|(word, _, _)| word == "provide") {
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

fn one(file: &Source, script: &Script, providers: &Providers) -> Import {
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
    depend::draw(script, providers, &mut sketch, &mut report);
    variables::tell(script, &mut sketch, &mut report);
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

fn functions(script: &Script, is_longrun: bool, report: &mut Report) {
    for function in script.functions.iter().filter(|function| function.name != "depend") {
        let directive = format!("{}()", function.name);
        let verdict = match is_longrun {
            true => Verdict::dropped("cannot be understood without being run")
                .decide(format!("see what {directive} does, and whether run needs it")),
            false => Verdict::kept("run by openrc-run"),
        };
        report.tell(&directive, report.place(function.line), verdict);
    }
    if !is_longrun {
        let verdict = Verdict::approximated("a oneshot by openrc-run, which must be there: nothing supervises it");
        report.tell("(script)", report.place(0), verdict);
    }
}
