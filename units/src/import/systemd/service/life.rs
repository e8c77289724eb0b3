//! How a service starts, announces itself, ends, and is stopped.

use super::{Manner, Service};
use crate::Signal;
use crate::import::report::Fate;
use crate::import::sketch::{Report, Sketch};
use crate::import::systemd::file::Setting;
use crate::import::systemd::span::{self, Span};

impl Service {
    pub(super) fn life(
        &mut self,
        setting: &Setting,
        value: &str,
        sketch: &mut Sketch,
        report: &mut Report,
    ) -> Option<(Fate, String)> {
        let (fate, reason) = match setting.key.as_str() {
            "Type" => self.kind(value, sketch),
            "PIDFile" if self.manner == Manner::Forking => {
                sketch.set_text("pidfile", if value.starts_with('/') { value.into() } else { format!("/run/{value}") });
                (Fate::Kept, "as pidfile")
            }
            "PIDFile" => (Fate::Dropped, "supervise knows the process"),
            "Restart" => self.restart(value, sketch),
            "WatchdogSec" => return Some(self.watchdog(value, sketch)),
            "TimeoutSec" | "TimeoutStartSec" | "TimeoutStopSec" => {
                return Some(timeout(&setting.key, value, sketch));
            }
            "KillMode" => self.kill_mode(value, sketch),
            "KillSignal" => match value {
                "SIGTERM" | "TERM" | "15" => (Fate::Kept, "it is TERM"),
                _ if self.is_longrun() && Signal::new(value).is_some() => {
                    sketch.set_text("stop-signal", value.strip_prefix("SIG").unwrap_or(value));
                    (Fate::Kept, "as stop-signal")
                }
                _ => {
                    report.decide(setting.place.clone(), format!("it is stopped by {value}: see whether TERM does"));
                    (Fate::Dropped, "a stop of a oneshot is a command")
                }
            },
            _ => return None,
        };
        Some((fate, reason.into()))
    }

    fn kind(&self, value: &str, sketch: &mut Sketch) -> (Fate, &'static str) {
        match value {
            "simple" | "exec" => (Fate::Kept, "as a longrun"),
            "notify" | "notify-reload" => {
                sketch.set_text("ready", "notify");
                (Fate::Kept, "as ready: notify")
            }
            "dbus" => (Fate::Approximated, "up once it is executed, not once it has its name"),
            "idle" => (Fate::Approximated, "does not wait until nothing else starts"),
            "oneshot" => (Fate::Kept, "as a oneshot"),
            "forking" if self.manner == Manner::Forking => (Fate::Kept, "as forks"),
            "forking" => (Fate::Approximated, "as a oneshot: it stays up whatever becomes of its processes"),
            _ => (Fate::Approximated, "taken for simple"),
        }
    }

    fn restart(&self, value: &str, sketch: &mut Sketch) -> (Fate, &'static str) {
        let (word, fate, reason) = match value {
            _ if !self.is_longrun() => return (Fate::Dropped, "a oneshot is not restarted"),
            "always" => return (Fate::Kept, "a longrun is restarted"),
            "no" | "" => ("never", Fate::Kept, "as restart: never"),
            "on-failure" => ("on-failure", Fate::Kept, "as restart: on-failure"),
            "on-abnormal" | "on-abort" | "on-watchdog" => ("on-failure", Fate::Approximated, "as restart: on-failure"),
            _ => return (Fate::Approximated, "as restart: always"),
        };
        sketch.set_text("restart", word);
        (fate, reason)
    }

    fn watchdog(&self, value: &str, sketch: &mut Sketch) -> (Fate, String) {
        match span::parse(value) {
            Some(Span::Finite(time)) if time.is_zero() => (Fate::Kept, "it is off".into()),
            Some(Span::Infinite) => (Fate::Kept, "it is off".into()),
            Some(Span::Finite(time)) if self.known.notifies => {
                sketch.set_text("watchdog", crate::print::duration(time));
                (Fate::Kept, "as watchdog".into())
            }
            Some(Span::Finite(_)) => (Fate::Dropped, "only what has Type=notify is heard".into()),
            None => (Fate::Dropped, "not a time of at most a week".into()),
        }
    }

    fn kill_mode(&self, value: &str, sketch: &mut Sketch) -> (Fate, &'static str) {
        match value {
            _ if !self.is_longrun() => (Fate::Approximated, "what stop leaves is killed with the unit"),
            "control-group" => (Fate::Kept, "as kill-mode: cgroup"),
            "process" | "none" => {
                sketch.set_text("kill-mode", "main");
                (if value == "none" { Fate::Approximated } else { Fate::Kept }, "as kill-mode: main")
            }
            _ => (Fate::Approximated, "all of them get the signal at once"),
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
) -> Option<(Fate, String)> {
    const KEYS: [&str; 3] = ["StartLimitBurst", "StartLimitIntervalSec", "StartLimitInterval"];
    if !KEYS.contains(&setting.key.as_str()) {
        return None;
    }
    if sketch.kind != "longrun" {
        return Some((Fate::Dropped, "only longruns are started again".into()));
    }
    let last = |keys: &[&str]| settings.iter().rev().find(|one| keys.contains(&one.key.as_str()));
    let said = |keys: &[&str], default| last(keys).map_or(default, |one| one.value.as_str()).to_owned();
    let burst: Option<u32> = said(&KEYS[..1], BURST.0).parse().ok();
    match (burst.filter(|burst| *burst <= 10_000), span::parse(&said(&KEYS[1..], BURST.1))) {
        (Some(0), _) => Some((Fate::Kept, "no bound".into())),
        (_, Some(Span::Finite(time))) if time.is_zero() => Some((Fate::Kept, "no bound".into())),
        (Some(burst), Some(Span::Finite(time))) => {
            let text = format!("{burst} in {}", crate::print::duration(time));
            sketch.set_text("max-deaths", &text);
            Some((Fate::Approximated, format!("as max-deaths: {text}; waits between starts grow, so that fewer fit")))
        }
        _ => Some((Fate::Dropped, "no number and time that max-deaths could have".into())),
    }
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
