//! `Exec…=` → commands.

use super::{Manner, Service};
use crate::Signal;
use crate::import::report::Fate;
use crate::import::sketch::{Report, Sketch};
use crate::import::systemd::file::Setting;
use crate::import::systemd::words::CommandLine;

impl Service {
    pub(super) fn command(
        &mut self,
        setting: &Setting,
        value: &str,
        sketch: &mut Sketch,
        report: &mut Report,
    ) -> Option<(Fate, String)> {
        let commands = CommandLine::parse(value);
        let has_other_name = commands.iter().any(|command| command.has_other_name);
        let (fate, reason) = match setting.key.as_str() {
            "ExecStart" => self.start(commands),
            "ExecStartPre" | "ExecCondition" => {
                self.before.extend(commands);
                match setting.key.as_str() {
                    "ExecCondition" => (Fate::Approximated, "a line before the command: its failure fails the unit"),
                    _ => (Fate::Approximated, "a line before the command"),
                }
            }
            "ExecStop" | "ExecStopPost" if self.manner == Manner::Oneshot => {
                if commands.iter().any(|command| command.mentions("MAINPID")) {
                    report.decide(setting.place.clone(), "its stop wants $MAINPID, which is not known: see to stop");
                }
                self.stop.extend(commands);
                match setting.key.as_str() {
                    "ExecStop" => (Fate::Kept, "as stop"),
                    _ => (Fate::Approximated, "a line of stop, not run after a failure"),
                }
            }
            "ExecStop" => match signal_sent(value).filter(|signal| Signal::new(signal).is_some()) {
                Some(signal) => {
                    sketch.set_text("stop-signal", signal);
                    (Fate::Kept, "as stop-signal")
                }
                None => (Fate::Approximated, "supervise stops it by a signal"),
            },
            "ExecReload" => self.reload(setting, value, commands, report),
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

    fn start(&mut self, commands: Vec<CommandLine>) -> (Fate, &'static str) {
        self.main.extend(commands);
        match (self.manner, self.main.len() > 1) {
            (Manner::Oneshot, _) => (Fate::Kept, "as start"),
            (_, true) => (Fate::Approximated, "only the last one stays; those before it must end"),
            (_, false) => (Fate::Kept, "as run"),
        }
    }

    fn reload(
        &mut self,
        setting: &Setting,
        value: &str,
        commands: Vec<CommandLine>,
        report: &mut Report,
    ) -> (Fate, &'static str) {
        if self.manner != Manner::Oneshot && signal_sent(value) == Some("HUP") {
            return (Fate::Kept, "a reload is a HUP");
        }
        if self.is_longrun() && self.known.is_hung_up {
            let text = format!("a reload is only a HUP here: see whether it can do without {value}");
            report.decide(setting.place.clone(), text);
            return (Fate::Dropped, "a reload of commands sends no HUP");
        }
        if commands.iter().any(|command| command.mentions("MAINPID")) {
            report
                .decide(setting.place.clone(), "its reload wants $MAINPID, which is not known: write reload yourself");
            return (Fate::Dropped, "a reload that needs the main process's number");
        }
        self.reload.extend(commands);
        (Fate::Kept, "as reload")
    }
}

/// The signal that a command sends to the main process, if it does nothing else.
pub(super) fn signal_sent(value: &str) -> Option<&str> {
    let words: Vec<&str> = value.trim_start_matches('-').split_whitespace().collect();
    let signal = match words[..] {
        ["/bin/kill" | "/usr/bin/kill" | "kill", "-s", signal, "$MAINPID" | "${MAINPID}"] => signal,
        ["/bin/kill" | "/usr/bin/kill" | "kill", signal, "$MAINPID" | "${MAINPID}"] => signal.strip_prefix('-')?,
        _ => return None,
    };
    let signal = signal.strip_prefix("SIG").unwrap_or(signal);
    Some(if signal == "1" { "HUP" } else { signal })
}
