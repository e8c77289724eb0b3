//! How a service starts, announces itself, ends, and is stopped.

use std::time::Duration;

use super::{Manner, Service};
use crate::Signal;
use crate::import::report::Verdict;
use crate::import::sketch::Sketch;
use crate::import::systemd::file::Setting;
use crate::import::systemd::span::{self, Span};
use crate::print::duration;

/// How long a start and a stop may take where nothing is said: systemd's own defaults, which are not ours.
const TIMEOUT: &str = "1m30s";

impl Service {
    /// Takes what is said of its life; `None`: the setting is about something else.
    pub(super) fn life(&self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let value = setting.value.as_str();
        Some(match setting.key.as_str() {
            "Type" => self.kind(value, sketch),
            "RemainAfterExit" => self.remain(setting),
            "PIDFile" if self.manner == Manner::Forking => {
                sketch.set_text("pidfile", if value.starts_with('/') { value.into() } else { format!("/run/{value}") });
                Verdict::kept("as pidfile")
            }
            "PIDFile" => Verdict::dropped("supervise knows the process"),
            "Restart" => self.restart(value, sketch),
            "WatchdogSec" => self.watchdog(value, sketch),
            "TimeoutSec" | "TimeoutStartSec" | "TimeoutStopSec" => timeout(&setting.key, value, sketch),
            "KillMode" => self.kill_mode(value, sketch),
            "KillSignal" => self.kill_signal(value, sketch),
            "ReloadSignal" if matches!(value, "SIGHUP" | "HUP" | "1") => Verdict::kept("a reload is a HUP"),
            "ReloadSignal" => {
                Verdict::dropped("a reload is a HUP").decide(format!("see whether it reloads by HUP, not only {value}"))
            }
            "SendSIGKILL" if setting.is_true() => Verdict::kept("what takes too long is killed"),
            _ => return None,
        })
    }

    /// Writes what holds there where nothing is said, if it matters and is something else here.
    pub(super) fn defaults(&self, sketch: &mut Sketch) {
        let is_waited_for = self.manner == Manner::Forking || self.known.notifies || !self.before.is_empty();
        let (start, stop) = match self.manner {
            Manner::Oneshot => (Some("none"), (!self.stop.is_empty()).then_some(TIMEOUT)),
            _ => (is_waited_for.then_some(TIMEOUT), Some(TIMEOUT)),
        };
        let restart = (self.is_longrun() && !self.known.says_restart).then_some("never");
        for (key, value) in [("start-timeout", start), ("stop-timeout", stop), ("restart", restart)] {
            if let Some(value) = value.filter(|_| !sketch.has(key)) {
                sketch.set_text(key, value);
            }
        }
    }

    fn kind(&self, value: &str, sketch: &mut Sketch) -> Verdict {
        match value {
            "simple" | "exec" => Verdict::kept("as a longrun"),
            "notify" | "notify-reload" => {
                sketch.set_text("ready", "notify");
                let loss = (value == "notify-reload").then_some("a reload is not waited for");
                Verdict::kept("as ready: notify").but_perhaps(loss)
            }
            "dbus" => Verdict::approximated("up once it is executed, not once it has its name"),
            "idle" => Verdict::approximated("does not wait until nothing else starts"),
            "oneshot" if self.known.remains => Verdict::kept("as a oneshot"),
            "oneshot" => Verdict::approximated("as a oneshot, which stays up once it is done"),
            "forking" if self.manner == Manner::Forking => Verdict::kept("as forks"),
            "forking" => Verdict::approximated("as a oneshot: it stays up whatever becomes of its processes"),
            _ => Verdict::approximated("taken for simple"),
        }
    }

    fn remain(&self, setting: &Setting) -> Verdict {
        match (self.is_longrun(), setting.is_true()) {
            (false, true) => Verdict::kept("a oneshot stays up until it is stopped"),
            (false, false) => Verdict::dropped("a oneshot stays up until it is stopped"),
            (true, true) => Verdict::dropped("a longrun that has ended is down"),
            (true, false) => Verdict::kept("a longrun that has ended is down"),
        }
    }

    fn restart(&self, value: &str, sketch: &mut Sketch) -> Verdict {
        if !self.is_longrun() {
            return match value {
                "no" | "" => Verdict::kept("a oneshot is not restarted"),
                _ => Verdict::dropped("a oneshot is not restarted"),
            };
        }
        let (word, verdict) = match value {
            "always" => return Verdict::kept("a longrun is restarted"),
            "no" | "" => ("never", Verdict::kept("as restart: never")),
            "on-failure" => (
                "on-failure",
                Verdict::approximated("as restart: on-failure, also when HUP, INT, TERM or PIPE ended it"),
            ),
            "on-abnormal" | "on-abort" | "on-watchdog" => {
                ("on-failure", Verdict::approximated("as restart: on-failure, whatever the failure"))
            }
            _ => return Verdict::approximated("as restart: always"),
        };
        sketch.set_text("restart", word);
        verdict
    }

    fn watchdog(&self, value: &str, sketch: &mut Sketch) -> Verdict {
        match span::parse(value) {
            Some(Span::Infinite | Span::Finite(Duration::ZERO)) => Verdict::kept("no watchdog"),
            Some(Span::Finite(time)) if self.known.notifies => {
                sketch.set_text("watchdog", duration(time));
                Verdict::kept("as watchdog")
            }
            Some(Span::Finite(_)) => Verdict::dropped("only what has Type=notify is heard"),
            None => Verdict::dropped("not a time of at most a week"),
        }
    }

    fn kill_mode(&self, value: &str, sketch: &mut Sketch) -> Verdict {
        match value {
            _ if !self.is_longrun() => Verdict::approximated("what stop leaves is killed with the unit"),
            "control-group" => Verdict::kept("as kill-mode: cgroup"),
            "process" | "none" => {
                sketch.set_text("kill-mode", "main");
                let loss = (value == "none").then_some("its main process gets the signal");
                Verdict::kept("as kill-mode: main").but_perhaps(loss)
            }
            _ => Verdict::approximated("all of them get the signal at once"),
        }
    }

    fn kill_signal(&self, value: &str, sketch: &mut Sketch) -> Verdict {
        match value {
            "SIGTERM" | "TERM" | "15" => Verdict::kept("it is TERM"),
            _ if !self.is_longrun() => Verdict::dropped("a stop of a oneshot is a command")
                .decide(format!("it is stopped by {value}: see whether TERM does")),
            _ if self.known.is_signalled => Verdict::dropped("ExecStop sends its signal first"),
            _ if Signal::new(value).is_some() => {
                sketch.set_text("stop-signal", value.strip_prefix("SIG").unwrap_or(value));
                Verdict::kept("as stop-signal")
            }
            _ => Verdict::dropped("no signal that stop-signal could have")
                .decide(format!("it is stopped by {value}: see whether TERM does")),
        }
    }
}

/// What `StartLimitBurst` and `StartLimitIntervalSec` are where only the other one is there.
const BURST: (&str, &str) = ("5", "10s");

/// `StartLimit…`, which stands in either section → `max-deaths`. `None`: it is none of them.
pub(in crate::import::systemd) fn start_limit(
    setting: &Setting,
    settings: &[Setting],
    sketch: &mut Sketch,
) -> Option<Verdict> {
    const KEYS: [&str; 3] = ["StartLimitBurst", "StartLimitIntervalSec", "StartLimitInterval"];
    if !KEYS.contains(&setting.key.as_str()) {
        return None;
    }
    if sketch.kind != "longrun" {
        return Some(Verdict::dropped("only longruns are started again"));
    }
    let last = |keys: &[&str]| settings.iter().rev().find(|one| keys.contains(&one.key.as_str()));
    let said = |keys: &[&str], default| last(keys).map_or(default, |one| one.value.as_str()).to_owned();
    let burst: Option<u32> = said(&KEYS[..1], BURST.0).parse().ok();
    Some(match (burst.filter(|burst| *burst <= 10_000), span::parse(&said(&KEYS[1..], BURST.1))) {
        (Some(0), _) | (_, Some(Span::Finite(Duration::ZERO))) => Verdict::kept("no bound"),
        (Some(burst), Some(Span::Finite(time))) => {
            let text = format!("{burst} in {}", duration(time));
            sketch.set_text("max-deaths", &text);
            Verdict::approximated(format!("as max-deaths: {text}; waits between starts grow, so that fewer fit"))
        }
        _ => Verdict::dropped("no number and time that max-deaths could have"),
    })
}

fn timeout(key: &str, value: &str, sketch: &mut Sketch) -> Verdict {
    let Some(span) = span::parse(value) else { return Verdict::dropped("not a time of at most a week") };
    let finite = match span {
        Span::Finite(time) if !time.is_zero() => Some(duration(time)),
        _ => None,
    };
    let is_start = key != "TimeoutStopSec";
    if is_start {
        sketch.set_text("start-timeout", finite.as_deref().unwrap_or("none"));
    }
    if key == "TimeoutStartSec" {
        return Verdict::kept("as start-timeout");
    }
    sketch.set_text("stop-timeout", finite.as_deref().unwrap_or("1h"));
    let verdict = Verdict::kept(if is_start { "as start-timeout and stop-timeout" } else { "as stop-timeout" });
    verdict.but_perhaps(finite.is_none().then_some("1h, because a stop must end"))
}
