//! What a process gets: directory, environment, limits, where its input comes from and its output goes.

use super::Service;
use crate::import::report::Verdict;
use crate::import::shell;
use crate::import::sketch::Sketch;
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
    pub(super) fn context(&mut self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let value = setting.value.as_str();
        Some(match setting.key.as_str() {
            "Environment" => self.variables(value),
            "EnvironmentFile" => self.variable_file(value),
            "UnsetEnvironment" => {
                let names = split(value).into_iter().map(|(name, _)| name);
                let names = names.filter(|name| shell::assignment(&format!("{name}=")).is_some());
                self.unset.extend(names);
                Verdict::approximated("by unset in the script")
            }
            "NoNewPrivileges" => {
                if setting.is_true() {
                    sketch.set_text("no-new-privileges", "true");
                }
                Verdict::kept("as no-new-privileges")
            }
            "WorkingDirectory" => self.working_directory(value, sketch),
            "UMask" if (1..=4).contains(&value.len()) && value.bytes().all(|byte| (b'0'..b'8').contains(&byte)) => {
                sketch.set_text("umask", format!("{value:0>4}"));
                Verdict::kept("as umask")
            }
            "Nice" if is_between(value, NICE) => {
                sketch.set_text("nice", value.trim_start_matches('+'));
                Verdict::kept("as nice")
            }
            "OOMScoreAdjust" if is_between(value, OOM) => {
                sketch.set_text("oom-score-adj", value.trim_start_matches('+'));
                Verdict::kept("as oom-score-adj")
            }
            _ => return None,
        })
    }

    /// Files win over the unit's own variables there, and the other way round here.
    fn variables(&mut self, value: &str) -> Verdict {
        let words = split(value);
        let assignments: Vec<(&str, &str)> = words.iter().filter_map(|(word, _)| shell::assignment(word)).collect();
        for (name, value) in &assignments {
            match self.environment.iter_mut().find(|(other, _)| other == name) {
                Some((_, old)) => *old = (*value).into(),
                None => self.environment.push(((*name).into(), (*value).into())),
            }
        }
        let verdict = match self.known.has_environment_files {
            true => Verdict::approximated("by export in the script, unless an env-file says it"),
            false => Verdict::kept("as env"),
        };
        verdict.but_perhaps((assignments.len() < words.len()).then_some("without what is no assignment"))
    }

    /// The variables: the unit's own, and those that name its directories, which give way to them.
    pub(super) fn all_variables(&self) -> Vec<(String, String)> {
        let mut all = self.environment.clone();
        for (kind, _, variable) in DIRECTORIES {
            let paths: Vec<&str> = self.directories_for(kind).collect();
            let is_new = !paths.is_empty() && all.iter().all(|(name, _)| name != variable);
            all.extend(is_new.then(|| (variable.into(), paths.join(":"))));
        }
        all
    }

    /// The directories to make, with what each is for, in the order of systemd's manual.
    pub(super) fn all_directories(&self) -> impl Iterator<Item = (&'static str, &str)> {
        DIRECTORIES.iter().flat_map(|(kind, _, _)| self.directories_for(kind).map(|path| (*kind, path)))
    }

    fn directories_for(&self, kind: &'static str) -> impl Iterator<Item = &str> {
        self.directories.iter().filter(move |(other, _)| *other == kind).map(|(_, path)| path.as_str())
    }

    fn variable_file(&mut self, value: &str) -> Verdict {
        let path = value.strip_prefix('-').unwrap_or(value);
        if value.is_empty() {
            return Verdict::kept("none");
        }
        if !path.starts_with('/') || path.contains(['*', '?', '[']) {
            return Verdict::dropped("env-file is one absolute path, not a pattern");
        }
        self.environment_files.push(value.into());
        Verdict::approximated("as env-file: a line that is no assignment is a failure")
    }

    fn working_directory(&mut self, value: &str, sketch: &mut Sketch) -> Verdict {
        let (path, is_optional) = value.strip_prefix('-').map_or((value, false), |path| (path, true));
        // What the script makes is not there yet when it begins.
        let is_made = ["/run/", "/var/lib/", "/var/cache/", "/var/log/"].iter().any(|root| path.starts_with(root));
        if path.starts_with('/') && !is_optional && !is_made {
            sketch.set_text("directory", path);
            return Verdict::kept("as directory");
        }
        let path = match (path, &self.account.user) {
            ("~", Some(user)) if user.bytes().all(|byte| byte.is_ascii_alphanumeric()) => format!("~{user}"),
            ("~", _) => "~".into(),
            _ => shell::quote(path),
        };
        self.change_directory = Some(format!("cd {path}{}", if is_optional { " || true" } else { "" }));
        Verdict::approximated("by cd in the script")
    }

    /// Takes a limit.
    pub(super) fn limit(&mut self, setting: &Setting) -> Option<Verdict> {
        let (_, name) = LIMITS.iter().find(|(other, _)| *other == setting.key)?;
        let limits: Option<Vec<String>> = setting.value.split(':').map(limit_value).collect();
        let Some(limits) = limits else { return Some(Verdict::dropped("no number that limits could have")) };
        self.limits.push((name, limits.join(":")));
        Some(Verdict::kept(format!("as limits: {name}")))
    }

    /// Takes directories that are made for it, and their modes.
    pub(super) fn directory(&mut self, setting: &Setting) -> Option<Verdict> {
        let key = setting.key.strip_suffix("Mode").unwrap_or(&setting.key);
        let (name, root, _) = DIRECTORIES.iter().find(|(name, _, _)| key == *name)?;
        if setting.key.ends_with("Mode") {
            let is_mode = setting.value.bytes().all(|byte| byte.is_ascii_digit());
            self.modes.extend(is_mode.then(|| (*name, setting.value.clone())));
            return Some(match is_mode {
                true => Verdict::approximated("by install(1) in the script"),
                false => Verdict::dropped("no mode"),
            });
        }
        let words = || setting.value.split_whitespace();
        let paths = words().filter_map(|word| word.split(':').next()).map(|path| format!("{root}/{path}"));
        self.directories.extend(paths.map(|path| (*name, path)));
        let has_links = words().any(|word| word.contains(':'));
        Some(
            Verdict::approximated("made by install(1) in the script, and never removed")
                .but_perhaps(has_links.then_some("without the links to it")),
        )
    }

    /// Takes what is said of standard input, output and errors.
    pub(super) fn output(&mut self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let value = setting.value.as_str();
        Some(match (setting.key.as_str(), &self.known.terminal) {
            ("StandardOutput", _) => {
                let also = if self.known.is_one_output { " 2>&1" } else { "" };
                self.redirect(0, also, value)
            }
            ("StandardError", _) if value == "inherit" => Verdict::kept("where its output goes"),
            ("StandardError", _) => self.redirect(1, "", value),
            ("StandardInput", _) if value == "null" => Verdict::kept("it is /dev/null"),
            ("StandardInput", Some(terminal)) => {
                sketch.set_text("tty", terminal);
                Verdict::kept("as tty")
            }
            ("StandardInput", None) => Verdict::dropped("standard input is /dev/null or a tty")
                .decide(format!("it reads from {value}: redirect it in the script")),
            ("TTYPath", Some(_)) => Verdict::kept("as tty"),
            ("TTYPath", None) => Verdict::dropped("its standard input is none"),
            _ => return None,
        })
    }

    /// Sends output (0) or errors (1) elsewhere; `also`: what is written there after the path.
    fn redirect(&mut self, index: usize, also: &str, value: &str) -> Verdict {
        let descriptor = [">", "2>"][index];
        let (way, path) = value.split_once(':').unwrap_or((value, ""));
        let is_at_terminal = self.known.terminal.is_some();
        let redirection = match way {
            "null" => format!("exec {descriptor}/dev/null{also}"),
            "file" | "append" | "truncate" => {
                let sign = if way == "truncate" { "" } else { ">" };
                format!("exec {descriptor}{sign}{}{also}", shell::quote(path))
            }
            "inherit" | "tty" if is_at_terminal => return Verdict::kept("at its tty"),
            _ if is_at_terminal => return Verdict::approximated("at its tty"),
            "inherit" | "journal" | "syslog" | "kmsg" => return Verdict::kept("in the unit's log"),
            _ => return Verdict::approximated("in the unit's log only"),
        };
        self.redirections[index] = Some(redirection);
        Verdict::approximated("by a line of the script")
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
