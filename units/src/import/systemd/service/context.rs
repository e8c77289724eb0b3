//! What a process gets: user, directory, environment, limits, where its output goes. Most of it becomes lines of a script.

use super::Service;
use crate::import::report::Fate;
use crate::import::shell;
use crate::import::sketch::Report;
use crate::import::systemd::file::Setting;
use crate::import::systemd::words::split;

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

impl Service {
    /// What a process has: its user, directory, environment.
    pub(super) fn context(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
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

    pub(super) fn limit(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
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

    pub(super) fn directory(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
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

    pub(super) fn output(&mut self, setting: &Setting, value: &str, report: &mut Report) -> Option<(Fate, String)> {
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
