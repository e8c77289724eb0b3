//! `[Service]` → what is run, and the set-up lines before it.

use super::file::Setting;
use super::span::{self, Span};
use super::words::{CommandLine, Names, split};
use crate::Place;
use crate::import::report::Fate;
use crate::import::shell;
use crate::import::sketch::{Report, Sketch};
use crate::yaml::Yaml;

/// Limits by what prlimit(1) calls them.
const LIMITS: [(&str, &str); 16] = [
    ("LimitCPU", "cpu"),
    ("LimitFSIZE", "fsize"),
    ("LimitDATA", "data"),
    ("LimitSTACK", "stack"),
    ("LimitCORE", "core"),
    ("LimitRSS", "rss"),
    ("LimitNOFILE", "nofile"),
    ("LimitAS", "as"),
    ("LimitNPROC", "nproc"),
    ("LimitMEMLOCK", "memlock"),
    ("LimitLOCKS", "locks"),
    ("LimitSIGPENDING", "sigpending"),
    ("LimitMSGQUEUE", "msgqueue"),
    ("LimitNICE", "nice"),
    ("LimitRTPRIO", "rtprio"),
    ("LimitRTTIME", "rttime"),
];

/// Directories that are made for a service, and the variable that names them.
const DIRECTORIES: [(&str, &str, &str); 5] = [
    ("RuntimeDirectory", "/run", "RUNTIME_DIRECTORY"),
    ("StateDirectory", "/var/lib", "STATE_DIRECTORY"),
    ("CacheDirectory", "/var/cache", "CACHE_DIRECTORY"),
    ("LogsDirectory", "/var/log", "LOGS_DIRECTORY"),
    ("ConfigurationDirectory", "/etc", "CONFIGURATION_DIRECTORY"),
];

/// How a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// In the foreground.
    Longrun,
    /// Until it is done.
    Oneshot,
    /// It goes into the background.
    Forking,
}

/// The section, as far as it is read.
pub(super) struct Service {
    pub(super) manner: Manner,
    main: Vec<CommandLine>,
    before: Vec<CommandLine>,
    stop: Vec<CommandLine>,
    has_argv: bool,
    environment: Vec<String>,
    setup: Vec<String>,
    redirections: Vec<String>,
    directories: Vec<(String, String)>,
    user: Option<String>,
    group: Option<String>,
    prefix: Vec<String>,
    privileges: Vec<String>,
    pid_file: Option<String>,
}

impl Service {
    /// The manner is known before the settings are read, because their fate depends on it.
    pub(super) fn new(manner: Manner) -> Self {
        Self {
            manner,
            main: Vec::new(),
            before: Vec::new(),
            stop: Vec::new(),
            has_argv: true,
            environment: Vec::new(),
            setup: Vec::new(),
            redirections: Vec::new(),
            directories: Vec::new(),
            user: None,
            group: None,
            prefix: Vec::new(),
            privileges: Vec::new(),
            pid_file: None,
        }
    }

    /// Takes a setting; what it does not know is left to the table. A fate with its reason comes back.
    pub(super) fn take(
        &mut self,
        setting: &Setting,
        value: &str,
        sketch: &mut Sketch,
        report: &mut Report,
    ) -> Option<(Fate, String)> {
        let key = setting.key.as_str();
        self.command(setting, value, report)
            .or_else(|| self.context(key, value))
            .or_else(|| self.limit(key, value))
            .or_else(|| self.directory(key, value))
            .or_else(|| self.output(setting, value, report))
            .or_else(|| self.life(setting, value, sketch, report))
    }

    fn command(&mut self, setting: &Setting, value: &str, report: &mut Report) -> Option<(Fate, String)> {
        let commands = CommandLine::parse(value);
        let has_other_name = commands.iter().any(|command| command.has_other_name);
        let is_longrun = self.manner == Manner::Longrun;
        let (fate, reason) = match setting.key.as_str() {
            "ExecStart" => {
                self.main.extend(commands);
                match (is_longrun, self.main.len() > 1) {
                    (true, true) => (Fate::Approximated, "only the last one stays; those before it must end"),
                    (true, false) => (Fate::Kept, "as run"),
                    _ => (Fate::Kept, "as start"),
                }
            }
            "ExecStartPre" | "ExecCondition" => {
                self.before.extend(commands);
                match setting.key.as_str() {
                    "ExecCondition" => (Fate::Approximated, "a line before the command: its failure fails the unit"),
                    _ => (Fate::Approximated, "a line before the command"),
                }
            }
            "ExecStop" if !is_longrun => {
                self.stop.extend(commands);
                (Fate::Kept, "as stop")
            }
            "ExecStopPost" if !is_longrun => {
                self.stop.extend(commands);
                (Fate::Approximated, "a line of stop, not run after a failure")
            }
            "ExecStop" => (Fate::Approximated, "supervise stops it by a signal"),
            "ExecReload" => (Fate::Dropped, "not supported yet: reload"),
            "ExecStartPost" | "ExecStopPost" => {
                let text = format!("see whether something must still do {}={value}", setting.key);
                report.decide(setting.place.clone(), text);
                (Fate::Dropped, "nothing is run after it")
            }
            _ => return None,
        };
        let renamed = "; the program gets its own name as the first argument";
        match has_other_name {
            true => Some((fate.max(Fate::Approximated), format!("{reason}{renamed}"))),
            false => Some((fate, reason.into())),
        }
    }

    /// What a process has: its user, directory, environment.
    fn context(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let by = |what: &str| Some((Fate::Approximated, format!("by {what} in the script")));
        match key {
            "Environment" => {
                for (word, _) in split(value) {
                    if let Some((name, value)) = shell::assignment(&word) {
                        self.environment.push(format!("export {name}={}", shell::quote(value)));
                    }
                }
                by("export")
            }
            "EnvironmentFile" => {
                let path = shell::quote(value.trim_start_matches('-'));
                let source = format!("set -a; . {path}; set +a");
                self.setup.push(match value.starts_with('-') {
                    true => format!("if [ -e {path} ]; then {source}; fi"),
                    false => source,
                });
                Some((Fate::Approximated, "read by the script, as shell code".into()))
            }
            "UnsetEnvironment" => {
                let names = split(value).into_iter().map(|(name, _)| name);
                let names: Vec<String> =
                    names.filter(|name| shell::assignment(&format!("{name}=")).is_some()).collect();
                self.setup.extend((!names.is_empty()).then(|| format!("unset {}", names.join(" "))));
                by("unset")
            }
            "User" => {
                self.user = Some(value.to_owned()).filter(|user| !["", "0", "root"].contains(&user.as_str()));
                by("setpriv(1)")
            }
            "Group" => {
                self.group = Some(value.to_owned()).filter(|group| !group.is_empty());
                by("setpriv(1)")
            }
            "NoNewPrivileges" => {
                self.privileges.extend(is_true(value).then(|| "--no-new-privs".into()));
                by("setpriv(1)")
            }
            "AmbientCapabilities" => {
                let names =
                    value.split_whitespace().map(|name| format!("+{}", name.to_lowercase().trim_start_matches("cap_")));
                let list = names.collect::<Vec<_>>().join(",");
                if !list.is_empty() && !value.contains('~') {
                    self.privileges.push(shell::quote(&format!("--inh-caps={list}")));
                    self.privileges.push(shell::quote(&format!("--ambient-caps={list}")));
                }
                by("setpriv(1)")
            }
            "WorkingDirectory" => {
                let (path, is_optional) = value.strip_prefix('-').map_or((value, false), |path| (path, true));
                let path = if path == "~" { "~".into() } else { shell::quote(path) };
                self.setup.push(format!("cd {path}{}", if is_optional { " || true" } else { "" }));
                by("cd")
            }
            "UMask" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.setup.push(format!("umask {value}"));
                by("umask")
            }
            "Nice" if value.parse::<i32>().is_ok() => {
                self.prefix.push(format!("nice -n {value}"));
                by("nice(1)")
            }
            "OOMScoreAdjust" if value.parse::<i32>().is_ok() => {
                self.setup.push(format!("echo {value} >/proc/$$/oom_score_adj"));
                by("a line")
            }
            _ => None,
        }
    }

    fn limit(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let (_, name) = LIMITS.iter().find(|(other, _)| *other == key)?;
        let limits: Option<Vec<String>> = value.split(':').map(limit_value).collect();
        Some(match limits {
            Some(limits) => {
                self.setup.push(format!("prlimit --pid $$ --{name}={}", limits.join(":")));
                (Fate::Approximated, "by prlimit(1) in the script".into())
            }
            None => (Fate::Dropped, "not a number that prlimit(1) knows".into()),
        })
    }

    fn directory(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let (name, root, variable) =
            DIRECTORIES.iter().find(|(name, _, _)| key.strip_suffix("Mode").unwrap_or(key) == *name)?;
        if key.ends_with("Mode") {
            if value.bytes().all(|byte| byte.is_ascii_digit()) {
                self.directories.push(((*name).into(), value.into()));
            }
            return Some((Fate::Approximated, "by install(1) in the script".into()));
        }
        let paths: Vec<String> = value.split_whitespace().map(|path| format!("{root}/{path}")).collect();
        for path in &paths {
            self.setup.push(format!("\u{0}{name} {}", shell::quote(path)));
        }
        self.environment.push(format!("export {variable}={}", shell::quote(&paths.join(":"))));
        Some((Fate::Approximated, "made by install(1) in the script, and never removed".into()))
    }

    fn output(&mut self, setting: &Setting, value: &str, report: &mut Report) -> Option<(Fate, String)> {
        let descriptor = match setting.key.as_str() {
            "StandardOutput" => ">",
            "StandardError" => "2>",
            "StandardInput" if value == "null" => return Some((Fate::Kept, "it is /dev/null".into())),
            "StandardInput" => {
                report.decide(setting.place.clone(), format!("it reads from {value}: redirect it in the script"));
                return Some((Fate::Dropped, "not supported yet: tty, sockets".into()));
            }
            _ => return None,
        };
        let (way, path) = value.split_once(':').unwrap_or((value, ""));
        let redirection = match way {
            "null" => format!("exec {descriptor}/dev/null"),
            "file" | "append" | "truncate" => {
                let sign = if way == "truncate" { "" } else { ">" };
                format!("exec {descriptor}{sign}{}", shell::quote(path))
            }
            "inherit" | "journal" | "syslog" | "kmsg" | "journal+console" | "kmsg+console" | "syslog+console" => {
                return Some((Fate::Kept, "in the unit's log".into()));
            }
            _ => return Some((Fate::Approximated, "in the unit's log".into())),
        };
        self.redirections.push(redirection);
        Some((Fate::Approximated, "by a line of the script".into()))
    }

    /// How it starts, ends and is stopped.
    fn life(
        &mut self,
        setting: &Setting,
        value: &str,
        sketch: &mut Sketch,
        report: &mut Report,
    ) -> Option<(Fate, String)> {
        let kept = |reason: &str| Some((Fate::Kept, reason.to_owned()));
        let near = |reason: &str| Some((Fate::Approximated, reason.to_owned()));
        match (setting.key.as_str(), value) {
            ("Type", "simple" | "exec") => kept("as a longrun"),
            ("Type", "notify" | "notify-reload") => near("up once it is executed; not supported yet: ready: notify"),
            ("Type", "dbus") => near("up once it is executed, not once it has its name"),
            ("Type", "idle") => near("does not wait until nothing else starts"),
            ("Type", "oneshot") => kept("as a oneshot"),
            ("Type", "forking") => {
                report.decide(
                    setting.place.clone(),
                    "give it the option that keeps it in the foreground, and make it a longrun",
                );
                near("as a oneshot: nothing supervises it; not supported yet: forks")
            }
            ("Type", _) => near("taken for simple"),
            ("PIDFile", path) if self.manner == Manner::Forking => {
                self.pid_file = Some(if path.starts_with('/') { path.into() } else { format!("/run/{path}") });
                near("read by stop")
            }
            ("PIDFile", _) => Some((Fate::Dropped, "supervise knows the process".into())),
            ("Restart", _) if self.manner != Manner::Longrun => {
                Some((Fate::Dropped, "a oneshot is not restarted".into()))
            }
            ("Restart", "always") => kept("a longrun is restarted"),
            ("Restart", _) => near("always; not supported yet: restart"),
            ("TimeoutSec" | "TimeoutStartSec" | "TimeoutStopSec", _) => Some(timeout(&setting.key, value, sketch)),
            ("KillMode", _) if self.manner != Manner::Longrun => near("what stop leaves is killed with the unit"),
            ("KillMode", "process") => {
                sketch.set_text("kill-mode", "main");
                kept("as kill-mode: main")
            }
            ("KillMode", "control-group") => kept("as kill-mode: cgroup"),
            ("KillMode", "none") => {
                sketch.set_text("kill-mode", "main");
                near("as kill-mode: main")
            }
            ("KillMode", _) => near("all of them get TERM at once"),
            ("KillSignal", "SIGTERM" | "TERM" | "15") => kept("it is TERM"),
            ("KillSignal", _) => {
                report.decide(setting.place.clone(), format!("it is stopped by {value}: see whether TERM does"));
                Some((Fate::Dropped, "not supported yet: stop-signal".into()))
            }
            _ => None,
        }
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "yes" | "true" | "on" | "1")
}

fn limit_value(value: &str) -> Option<String> {
    if value == "infinity" {
        return Some("unlimited".into());
    }
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let shift = ["", "K", "M", "G", "T"].iter().position(|unit| *unit == &value[end..])?;
    let number: u64 = value[..end].parse().ok()?;
    number.checked_mul(1 << (10 * shift)).map(|number| number.to_string())
}

fn timeout(key: &str, value: &str, sketch: &mut Sketch) -> (Fate, String) {
    let Some(span) = span::parse(value) else { return (Fate::Dropped, "not a time of at most a week".into()) };
    let is_endless = span == Span::Infinite || span == Span::Finite(std::time::Duration::ZERO);
    let mut fate = Fate::Kept;
    let mut reasons = Vec::new();
    if key != "TimeoutStopSec" {
        sketch.set_text(
            "start-timeout",
            match span {
                Span::Finite(time) if !is_endless => crate::print::duration(time),
                _ => "none".into(),
            },
        );
        reasons.push("as start-timeout");
    }
    if key != "TimeoutStartSec" {
        match span {
            Span::Finite(time) if !is_endless => {
                sketch.set_text("stop-timeout", crate::print::duration(time));
                reasons.push("as stop-timeout");
            }
            _ => {
                fate = Fate::Approximated;
                sketch.set_text("stop-timeout", "1h");
                reasons.push("as stop-timeout: 1h, because a stop must end");
            }
        }
    }
    (fate, reasons.join(", "))
}

impl Service {
    /// Writes `run`, or `start` and `stop`, into the sketch. `place` is the unit's.
    pub(super) fn write(mut self, sketch: &mut Sketch, report: &mut Report, place: Place) {
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

/// The manner of a service: its type, or what its commands say.
pub(super) fn manner(settings: &[Setting]) -> Manner {
    let last = |key: &str| {
        settings.iter().rev().find(|one| one.section == "Service" && one.key == key).map(|one| one.value.as_str())
    };
    match last("Type") {
        Some("oneshot") => Manner::Oneshot,
        Some("forking") => Manner::Forking,
        None if last("ExecStart").is_none() && last("ExecStop").is_some() => Manner::Oneshot,
        _ => Manner::Longrun,
    }
}

/// The names that specifiers need.
pub(super) fn names(full: &str, settings: &[Setting]) -> Names {
    let user = settings.iter().rev().find(|one| one.section == "Service" && one.key == "User");
    let user = user.map(|one| one.value.as_str()).filter(|user| !user.is_empty() && !user.contains('%'));
    Names { full: full.into(), user: user.unwrap_or("root").into() }
}
