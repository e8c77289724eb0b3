//! `Exec…=` → commands.

use super::{Manner, Service};
use crate::Signal;
use crate::import::report::{Fate, Verdict};
use crate::import::sketch::Sketch;
use crate::import::systemd::file::Setting;
use crate::import::systemd::words::CommandLine;

impl Service {
    /// Takes a command; `None`: the setting is none.
    pub(super) fn command(&mut self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let commands = CommandLine::parse(&setting.value);
        // A signal that supervise sends has no words that could lose anything.
        let is_run = signal_sent(&setting.value).is_none();
        let losses: Vec<&str> = commands.iter().filter(|_| is_run).flat_map(CommandLine::losses).collect();
        let verdict = match setting.key.as_str() {
            "ExecStart" => self.start(commands),
            "ExecStartPre" => {
                self.before.extend(commands);
                Verdict::approximated("a line before the command")
            }
            "ExecCondition" => {
                self.before.extend(commands);
                Verdict::approximated("a line before the command: its failure fails the unit")
            }
            "ExecStop" | "ExecStopPost" if self.manner == Manner::Oneshot => self.oneshot_stop(setting, commands),
            "ExecStop" => stop(setting, sketch),
            "ExecReload" => self.reload(setting, commands),
            "ExecStartPost" | "ExecStopPost" => Verdict::dropped("nothing is run after it")
                .decide(format!("see whether something must still do {}={}", setting.key, setting.value)),
            _ => return None,
        };
        Some(match verdict.fate {
            Fate::Dropped => verdict,
            _ => losses.into_iter().fold(verdict, Verdict::but),
        })
    }

    fn start(&mut self, commands: Vec<CommandLine>) -> Verdict {
        let is_tolerated = commands.iter().any(|command| command.is_tolerated);
        self.main.extend(commands);
        match self.manner {
            Manner::Oneshot => Verdict::kept("as start"),
            _ if self.main.len() > 1 => Verdict::approximated("only the last one stays; those before it must end"),
            _ if is_tolerated => Verdict::approximated("as run; a failure counts as one"),
            _ => Verdict::kept("as run"),
        }
    }

    /// What is done at the stop of a oneshot: there it is also done once the start is done, unless that remains.
    fn oneshot_stop(&mut self, setting: &Setting, commands: Vec<CommandLine>) -> Verdict {
        let wants_number = commands.iter().any(|command| command.mentions("MAINPID"));
        self.stop.extend(commands);
        let verdict = match (setting.key.as_str(), self.known.remains) {
            ("ExecStop", true) => Verdict::kept("as stop"),
            ("ExecStop", false) => Verdict::approximated("as stop, not once the start is done"),
            _ => Verdict::approximated("a line of stop, not run after a failure"),
        };
        match wants_number {
            true => verdict.but("$MAINPID is empty").decide("its stop wants $MAINPID, which is not known: see to stop"),
            false => verdict,
        }
    }

    fn reload(&mut self, setting: &Setting, commands: Vec<CommandLine>) -> Verdict {
        let is_longrun = self.manner != Manner::Oneshot;
        if is_longrun && signal_sent(&setting.value) == Some("HUP") {
            return Verdict::kept("a reload is a HUP");
        }
        if is_longrun && self.known.is_hung_up {
            let text = format!("a reload is only a HUP here: see whether it can do without {}", setting.value);
            return Verdict::dropped("a reload of commands sends no HUP").decide(text);
        }
        if commands.iter().any(|command| command.mentions("MAINPID")) {
            return Verdict::dropped("a reload that needs the main process's number")
                .decide("its reload wants $MAINPID, which is not known: write reload yourself");
        }
        self.reload.extend(commands);
        Verdict::kept("as reload")
    }
}

/// What stops a longrun, which is a signal here.
fn stop(setting: &Setting, sketch: &mut Sketch) -> Verdict {
    if setting.value.is_empty() {
        return Verdict::kept("empty");
    }
    match stop_signal(&setting.value) {
        Some(signal) => {
            sketch.set_text("stop-signal", signal);
            Verdict::kept("as stop-signal")
        }
        None => Verdict::dropped("supervise stops it by a signal")
            .decide(format!("see whether a signal stops it as well as {}", setting.value)),
    }
}

/// The signal that a command of a stop is here.
pub(super) fn stop_signal(value: &str) -> Option<&str> {
    signal_sent(value).filter(|signal| Signal::new(signal).is_some())
}

/// The signal that a command sends to the main process, if it does nothing else.
pub(super) fn signal_sent(value: &str) -> Option<&str> {
    let words: Vec<&str> = value.trim_start_matches(['-', '+', '!']).split_whitespace().collect();
    let signal = match words[..] {
        ["/bin/kill" | "/usr/bin/kill" | "kill", "-s", signal, "$MAINPID" | "${MAINPID}"] => signal,
        ["/bin/kill" | "/usr/bin/kill" | "kill", signal, "$MAINPID" | "${MAINPID}"] => signal.strip_prefix('-')?,
        _ => return None,
    };
    let signal = signal.strip_prefix("SIG").unwrap_or(signal);
    Some(if signal == "1" { "HUP" } else { signal })
}
