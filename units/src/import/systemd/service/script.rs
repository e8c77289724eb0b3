//! Commands and set-up lines → `run`, or `start` and `stop`; what is said of their surroundings → keys.

use super::{Manner, Service};
use crate::Place;
use crate::import::shell;
use crate::import::sketch::{Report, Sketch};
use crate::import::systemd::words::CommandLine;
use crate::yaml::Yaml;

impl Service {
    /// Writes everything that is known at the end into the sketch. `place` is the unit's.
    pub(in crate::import::systemd) fn write(self, sketch: &mut Sketch, report: &mut Report, place: Place) {
        let key = if self.manner == Manner::Oneshot { "start" } else { "run" };
        match self.argv() {
            Some(words) => sketch.set(key, Yaml::texts(words)),
            None if self.main.is_empty() && self.manner != Manner::Oneshot => {
                report.decide(place, "it has no ExecStart: there is nothing to run");
            }
            None if self.main.is_empty() && self.before.is_empty() => sketch.set(key, Yaml::texts(["true"])),
            None => sketch.set(key, Yaml::Text(self.script())),
        }
        for (key, commands) in [("reload", &self.reload), ("stop", &self.stop)] {
            if !commands.is_empty() {
                sketch.set(key, self.further(commands));
            }
        }
        if self.manner == Manner::Forking {
            sketch.set_text("forks", "true");
        }
        self.defaults(sketch);
        let variables = self.all_variables().into_iter().map(|(name, value)| (name, Yaml::Text(value)));
        let variables: Vec<(String, Yaml)> = variables.filter(|_| !self.known.has_environment_files).collect();
        self.account.write(sketch);
        self.sandbox.write(sketch);
        if !self.environment_files.is_empty() {
            sketch.set("env-file", Yaml::texts(self.environment_files));
        }
        for (key, entries) in [("limits", self.limits), ("cgroup", self.group)] {
            let entries: Vec<(String, Yaml)> =
                entries.into_iter().map(|(name, value)| (name.into(), Yaml::Text(value))).collect();
            if !entries.is_empty() {
                sketch.set(key, Yaml::Map(entries));
            }
        }
        if !variables.is_empty() {
            sketch.set("env", Yaml::Map(variables));
        }
    }

    /// The only command's words, if there is nothing for a shell to do.
    fn argv(&self) -> Option<Vec<String>> {
        let [command] = &self.main[..] else { return None };
        let is_alone = self.before.is_empty() && self.head().is_empty() && !command.is_tolerated;
        command.argv().filter(|_| is_alone && self.account.prefix(command.is_privileged).is_empty())
    }

    /// A command for later: words where that is enough.
    fn further(&self, commands: &[CommandLine]) -> Yaml {
        if let [command] = commands
            && let Some(words) = command.argv().filter(|_| self.head().is_empty() && !command.is_tolerated)
            && self.account.prefix(command.is_privileged).is_empty()
        {
            return Yaml::texts(words);
        }
        Yaml::Text(self.head() + &commands.iter().map(|command| self.line(command)).collect::<String>())
    }

    /// Everything before the first command, in the order in which systemd does it, whatever that of the directives is.
    fn head(&self) -> String {
        let directories =
            self.all_directories().map(|(kind, path)| format!("{} {}", self.install(kind), shell::quote(path)));
        let variables = self.all_variables().into_iter().filter(|_| self.known.has_environment_files);
        let exports =
            variables.map(|(name, value)| format!("[ \"${{{name}+set}}\" ] || export {name}={}", shell::quote(&value)));
        let unset = (!self.unset.is_empty()).then(|| format!("unset {}", self.unset.join(" ")));
        let others = unset.into_iter().chain(self.change_directory.clone());
        let redirections = self.redirections.iter().flatten().cloned();
        directories.chain(exports).chain(others).chain(redirections).map(|line| line + "\n").collect()
    }

    fn install(&self, kind: &str) -> String {
        let mode = self.modes.iter().find(|(name, _)| *name == kind).map_or("0755", |(_, mode)| mode);
        let owner = match (&self.account.user, &self.account.group) {
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
        text + &match self.manner {
            Manner::Oneshot => self.line(last),
            _ => format!("exec {}{}\n", self.account.prefix(last.is_privileged), last.shell()),
        }
    }

    fn line(&self, command: &CommandLine) -> String {
        let end = if command.is_tolerated { " || true" } else { "" };
        format!("{}{}{end}\n", self.account.prefix(command.is_privileged), command.shell())
    }
}
