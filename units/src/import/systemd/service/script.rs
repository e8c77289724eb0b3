//! Commands and set-up lines → `run`, or `start` and `stop`.

use super::{Manner, Service};
use crate::Place;
use crate::import::shell;
use crate::import::sketch::{Report, Sketch};
use crate::import::systemd::words::CommandLine;
use crate::yaml::Yaml;

impl Service {
    /// Writes `run`, or `start` and `stop`, into the sketch. `place` is the unit's.
    pub(in crate::import::systemd) fn write(mut self, sketch: &mut Sketch, report: &mut Report, place: Place) {
        self.has_argv = self.environment.is_empty()
            && self.setup.is_empty()
            && self.redirections.is_empty()
            && self.before.is_empty()
            && self.main.len() == 1
            && self.privileged_prefix(false).is_empty();
        let key = if self.manner == Manner::Longrun { "run" } else { "start" };
        let argv =
            self.main.first().filter(|command| self.has_argv && !command.is_tolerated).and_then(CommandLine::argv);
        match argv {
            Some(words) => sketch.set(key, Yaml::texts(words)),
            None if self.main.is_empty() && self.manner == Manner::Longrun => {
                report.decide(place.clone(), "it has no ExecStart: there is nothing to run");
            }
            None if self.main.is_empty() && self.before.is_empty() => sketch.set(key, Yaml::texts(["true"])),
            None => sketch.set(key, Yaml::Text(self.script())),
        }
        if !self.reload.is_empty() {
            let lines = self.reload.iter().map(|command| self.line(command));
            sketch.set("reload", Yaml::Text(self.head() + &lines.collect::<String>()));
        }
        if self.manner != Manner::Longrun {
            self.write_stop(sketch, report, place);
        }
    }

    fn write_stop(&self, sketch: &mut Sketch, report: &mut Report, place: Place) {
        let kill = self.pid_file.as_ref().map(|path| format!("kill \"$(cat {})\"\n", shell::quote(path)));
        match (self.stop.is_empty(), kill) {
            (false, _) => sketch.set("stop", Yaml::Text(self.stop_script(report, place))),
            (true, Some(kill)) => sketch.set("stop", Yaml::Text(kill)),
            (true, None) if self.manner == Manner::Forking => {
                report.decide(place, "say how it is stopped: it has neither ExecStop nor PIDFile")
            }
            (true, None) => {}
        }
    }

    fn stop_script(&self, report: &mut Report, place: Place) -> String {
        let mut text = self.head();
        if self.stop.iter().any(|command| command.mentions("MAINPID")) {
            match &self.pid_file {
                Some(path) => text += &format!("MAINPID=$(cat {})\n", shell::quote(path)),
                None => report.decide(place, "its ExecStop wants $MAINPID, which is not known: see to stop"),
            }
        }
        for command in &self.stop {
            text += &self.line(command);
        }
        text
    }

    /// Everything before the first command.
    fn head(&self) -> String {
        let mut text = String::new();
        let lines = self.environment.iter().chain(&self.setup).chain(&self.redirections);
        for line in lines {
            match line.strip_prefix('\u{0}').and_then(|rest| rest.split_once(' ')) {
                Some((kind, path)) => text += &format!("{} {path}\n", self.install(kind)),
                None => text += &format!("{line}\n"),
            }
        }
        text
    }

    fn install(&self, kind: &str) -> String {
        let mode = self.directories.iter().find(|(name, _)| name == kind).map_or("0755", |(_, mode)| mode);
        let owner = match (&self.user, &self.group) {
            // Who reads its configuration need not own it.
            _ if kind == "ConfigurationDirectory" => String::new(),
            (Some(user), Some(group)) => format!(" -o {} -g {}", shell::quote(user), shell::quote(group)),
            (Some(user), None) => format!(" -o {0} -g \"$(id -g {0})\"", shell::quote(user)),
            (None, Some(group)) => format!(" -g {}", shell::quote(group)),
            (None, None) => String::new(),
        };
        format!("install -d -m {mode}{owner}")
    }

    fn script(&self) -> String {
        let mut text = self.head();
        for command in &self.before {
            text += &self.line(command);
        }
        let Some((last, others)) = self.main.split_last() else { return text };
        for command in others {
            text += &self.line(command);
        }
        match self.manner {
            Manner::Longrun => {
                text += &format!("exec {}{}\n", self.privileged_prefix(last.is_privileged), last.shell())
            }
            _ => text += &self.line(last),
        }
        text
    }

    fn line(&self, command: &CommandLine) -> String {
        let end = if command.is_tolerated { " || true" } else { "" };
        format!("{}{}{end}\n", self.privileged_prefix(command.is_privileged), command.shell())
    }

    /// What stands before a command, to give it the unit's user and what else is not inherited.
    fn privileged_prefix(&self, is_privileged: bool) -> String {
        let mut words = self.prefix.clone();
        let mut setpriv = Vec::new();
        if !is_privileged {
            match (&self.user, &self.group) {
                (Some(user), group) => {
                    let user = shell::quote(user);
                    let group =
                        group.as_ref().map_or_else(|| format!("\"$(id -g {user})\""), |group| shell::quote(group));
                    setpriv.extend([format!("--reuid={user}"), format!("--regid={group}"), "--init-groups".into()]);
                }
                (None, Some(group)) => {
                    setpriv.extend([format!("--regid={}", shell::quote(group)), "--keep-groups".into()])
                }
                (None, None) => {}
            }
            setpriv.extend(self.privileges.iter().cloned());
        }
        if !setpriv.is_empty() {
            words.push(format!("setpriv {} --", setpriv.join(" ")));
        }
        words.iter().map(|word| format!("{word} ")).collect()
    }
}
