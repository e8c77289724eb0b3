//! What a process gets: directory, environment, limits, where its input comes from and its output goes.

use super::{Manner, Service, is_true};
use crate::import::report::Fate;
use crate::import::shell;
use crate::import::sketch::{Report, Sketch};
use crate::import::systemd::file::Setting;
use crate::import::systemd::words::split;
use crate::language::{NICE, OOM};

/// Limits by what the language calls them.
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

/// Whether a key has directories made.
pub(super) fn is_directory(key: &str) -> bool {
    DIRECTORIES.iter().any(|(name, _, _)| *name == key)
}

impl Service {
    /// What a process has: its directory, environment, weight.
    pub(super) fn context(&mut self, key: &str, value: &str, sketch: &mut Sketch) -> Option<(Fate, String)> {
        let kept = |key: &str| Some((Fate::Kept, format!("as {key}")));
        match key {
            "Environment" => Some(self.variables(value)),
            "EnvironmentFile" => Some(self.variable_file(value)),
            "UnsetEnvironment" => {
                let names = split(value).into_iter().map(|(name, _)| name);
                let names: Vec<String> =
                    names.filter(|name| shell::assignment(&format!("{name}=")).is_some()).collect();
                self.setup.extend((!names.is_empty()).then(|| format!("unset {}", names.join(" "))));
                Some((Fate::Approximated, "by unset in the script".into()))
            }
            "NoNewPrivileges" => {
                if is_true(value) {
                    sketch.set_text("no-new-privileges", "true");
                }
                kept("no-new-privileges")
            }
            "WorkingDirectory" => Some(self.working_directory(value, sketch)),
            "UMask" if (1..=4).contains(&value.len()) && value.bytes().all(|byte| (b'0'..b'8').contains(&byte)) => {
                sketch.set_text("umask", format!("{value:0>4}"));
                kept("umask")
            }
            "Nice" if is_between(value, NICE) => {
                sketch.set_text("nice", value.trim_start_matches('+'));
                kept("nice")
            }
            "OOMScoreAdjust" if is_between(value, OOM) => {
                sketch.set_text("oom-score-adj", value.trim_start_matches('+'));
                kept("oom-score-adj")
            }
            _ => None,
        }
    }

    /// Files win over the unit's own variables there, and the other way round here.
    fn variables(&mut self, value: &str) -> (Fate, String) {
        for (word, _) in split(value) {
            let Some((name, value)) = shell::assignment(&word) else { continue };
            match self.known.has_environment_files {
                true => self.setup.push(format!("[ \"${{{name}+set}}\" ] || export {name}={}", shell::quote(value))),
                false => self.variable(name, value.into()),
            }
        }
        match self.known.has_environment_files {
            true => (Fate::Approximated, "by export in the script, unless an env-file says it".into()),
            false => (Fate::Kept, "as env".into()),
        }
    }

    fn variable(&mut self, name: &str, value: String) {
        match self.environment.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.environment.push((name.into(), value)),
        }
    }

    fn variable_file(&mut self, value: &str) -> (Fate, String) {
        let path = value.strip_prefix('-').unwrap_or(value);
        if value.is_empty() {
            return (Fate::Kept, "none".into());
        }
        if !path.starts_with('/') || path.contains(['*', '?', '[']) {
            return (Fate::Dropped, "env-file is one absolute path, not a pattern".into());
        }
        self.environment_files.push(value.into());
        (Fate::Approximated, "as env-file: a line that is no assignment is a failure".into())
    }

    fn working_directory(&mut self, value: &str, sketch: &mut Sketch) -> (Fate, String) {
        let (path, is_optional) = value.strip_prefix('-').map_or((value, false), |path| (path, true));
        // What the script makes is not there yet when it begins.
        let is_made = ["/run/", "/var/lib/", "/var/cache/", "/var/log/"].iter().any(|root| path.starts_with(root));
        if path.starts_with('/') && !is_optional && !is_made {
            sketch.set_text("directory", path);
            return (Fate::Kept, "as directory".into());
        }
        let path = match (path, &self.account.user) {
            ("~", Some(user)) if user.bytes().all(|byte| byte.is_ascii_alphanumeric()) => format!("~{user}"),
            ("~", _) => "~".into(),
            _ => shell::quote(path),
        };
        self.setup.push(format!("cd {path}{}", if is_optional { " || true" } else { "" }));
        (Fate::Approximated, "by cd in the script".into())
    }

    pub(super) fn limit(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let (_, name) = LIMITS.iter().find(|(other, _)| *other == key)?;
        let limits: Option<Vec<String>> = value.split(':').map(limit_value).collect();
        let Some(limits) = limits else { return Some((Fate::Dropped, "no number that limits could have".into())) };
        self.limits.retain(|(other, _)| other != name);
        self.limits.push((name, limits.join(":")));
        Some((Fate::Kept, format!("as limits: {name}")))
    }

    pub(super) fn directory(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let (name, root, variable) =
            DIRECTORIES.iter().find(|(name, _, _)| key.strip_suffix("Mode").unwrap_or(key) == *name)?;
        if key.ends_with("Mode") {
            if value.bytes().all(|byte| byte.is_ascii_digit()) {
                self.modes.push((name, value.into()));
            }
            return Some((Fate::Approximated, "by install(1) in the script".into()));
        }
        let paths: Vec<String> = value.split_whitespace().map(|path| format!("{root}/{path}")).collect();
        self.directories.extend(paths.iter().map(|path| (*name, shell::quote(path))));
        self.variable(variable, paths.join(":"));
        Some((Fate::Approximated, "made by install(1) in the script, and never removed".into()))
    }

    pub(super) fn output(
        &mut self,
        setting: &Setting,
        value: &str,
        sketch: &mut Sketch,
        report: &mut Report,
    ) -> Option<(Fate, String)> {
        let descriptor = match setting.key.as_str() {
            "StandardOutput" => ">",
            "StandardError" => "2>",
            "StandardInput" if value == "null" => return Some((Fate::Kept, "it is /dev/null".into())),
            "StandardInput" if value.starts_with("tty") => {
                let terminal = self.known.terminal.clone();
                terminal.into_iter().for_each(|path| sketch.set_text("tty", path));
                return Some((Fate::Kept, "as tty".into()));
            }
            "StandardInput" => {
                report.decide(setting.place.clone(), format!("it reads from {value}: redirect it in the script"));
                return Some((Fate::Dropped, "standard input is /dev/null or a tty".into()));
            }
            "TTYPath" if self.known.terminal.is_some() => return Some((Fate::Kept, "as tty".into())),
            "TTYPath" => return Some((Fate::Dropped, "its standard input is none".into())),
            _ => return None,
        };
        let (way, path) = value.split_once(':').unwrap_or((value, ""));
        let is_at_terminal = self.known.terminal.is_some();
        let redirection = match way {
            "null" => format!("exec {descriptor}/dev/null"),
            "file" | "append" | "truncate" => {
                let sign = if way == "truncate" { "" } else { ">" };
                format!("exec {descriptor}{sign}{}", shell::quote(path))
            }
            "inherit" | "tty" if is_at_terminal => return Some((Fate::Kept, "at its tty".into())),
            "inherit" | "journal" | "syslog" | "kmsg" | "journal+console" | "kmsg+console" | "syslog+console"
                if !is_at_terminal =>
            {
                return Some((Fate::Kept, "in the unit's log".into()));
            }
            _ if is_at_terminal => return Some((Fate::Approximated, "at its tty".into())),
            _ => return Some((Fate::Approximated, "in the unit's log".into())),
        };
        self.redirections.push(redirection);
        Some((Fate::Approximated, "by a line of the script".into()))
    }

    /// Whether something of it goes on once it is up.
    pub(super) fn is_longrun(&self) -> bool {
        self.manner != Manner::Oneshot
    }
}

fn is_between(value: &str, (least, most): (i64, i64)) -> bool {
    value.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number))
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
