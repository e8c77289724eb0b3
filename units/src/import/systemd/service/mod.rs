//! `[Service]` → what is run, and the set-up lines before it.

mod context;
mod script;

use super::file::Setting;
use super::span::{self, Span};
use super::words::{CommandLine, Names};
use crate::Signal;
use crate::import::report::Fate;
use crate::import::sketch::{Report, Sketch};

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
    reload: Vec<CommandLine>,
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
            reload: Vec::new(),
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
            "ExecReload" if is_longrun && is_hangup(value) => (Fate::Kept, "a reload is a HUP"),
            "ExecReload" if commands.iter().any(|command| command.mentions("MAINPID")) => {
                report.decide(
                    setting.place.clone(),
                    "its reload wants $MAINPID, which is not known: write reload yourself",
                );
                (Fate::Dropped, "a reload that needs the main process's number")
            }
            "ExecReload" => {
                self.reload.extend(commands);
                (Fate::Kept, "as reload")
            }
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
            ("Type", "notify" | "notify-reload") => {
                sketch.set_text("ready", "notify");
                kept("as ready: notify")
            }
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
            ("Restart", "no") => {
                sketch.set_text("restart", "never");
                kept("as restart: never")
            }
            ("Restart", "on-failure") => {
                sketch.set_text("restart", "on-failure");
                kept("as restart: on-failure")
            }
            ("Restart", "on-abnormal" | "on-abort" | "on-watchdog") => {
                sketch.set_text("restart", "on-failure");
                near("as restart: on-failure")
            }
            ("Restart", _) => near("as restart: always"),
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
            ("KillSignal", _) if self.manner == Manner::Longrun && Signal::new(value).is_some() => {
                sketch.set_text("stop-signal", value.strip_prefix("SIG").unwrap_or(value));
                kept("as stop-signal")
            }
            ("KillSignal", _) => {
                report.decide(setting.place.clone(), format!("it is stopped by {value}: see whether TERM does"));
                Some((Fate::Dropped, "a stop of a oneshot is a command".into()))
            }
            _ => None,
        }
    }
}

/// Whether a command only sends HUP to the main process, which is what a reload does anyway.
fn is_hangup(value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    matches!(words[..], ["/bin/kill" | "/usr/bin/kill" | "kill", "-HUP" | "-1" | "-SIGHUP", "$MAINPID" | "${MAINPID}"])
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
