//! What a longrun has: its program, its end and its beginning again, its sockets.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Checker, meant};
use crate::language::elsewhere;
use crate::language::surroundings;
use crate::socket::FORMS;
use crate::text::{did_you_mean, nearest, quoted, suggestion};
use crate::tree::{Entry, Node};
use crate::{Command, Context, KillMode, Longrun, MaxDeaths, Place, Program, Readiness, Restart, Signal, Socket};

/// How many deaths `max-deaths` may allow.
const DEATHS: (u32, u32) = (1, 10_000);

/// What `servicedir` makes useless: the directory's own files say it.
const OF_THE_DIRECTORY: [&str; 7] =
    ["restart", "max-deaths", "stop-signal", "kill-mode", "forks", "sockets", "watchdog"];

impl<'a> Checker<'a> {
    pub(super) fn longrun(&mut self, context: Arc<Context>) -> Longrun {
        let ready = self.ready();
        let watchdog = self.field("watchdog").and_then(|node| self.duration("watchdog", node));
        if let Some(entry) = self.entry("watchdog").filter(|_| watchdog.is_some_and(|time| time.is_zero())) {
            self.error(&entry.value.place, "\"watchdog\" must be longer than nothing");
        }
        if let Some(entry) = self.entry("watchdog").filter(|_| ready != Some(Readiness::Notify)) {
            self.missing(&entry.place, &["ready"], "\"watchdog\" belongs to \"ready: notify\"");
        }
        let forks = self.field("forks").and_then(|node| self.boolean("forks", node)).unwrap_or_default();
        if let Some(entry) = self.entry("pidfile").filter(|_| !forks) {
            self.missing(&entry.place, &["forks"], "\"pidfile\" belongs to \"forks: true\"");
        }
        Longrun {
            program: self.program(),
            reload: self.command("reload"),
            ready,
            restart: self.choice("restart", &Restart::ALL).unwrap_or_default(),
            max_deaths: self.field("max-deaths").and_then(|node| self.max_deaths(node)),
            stop_signal: self.field("stop-signal").and_then(|node| self.signal(node)),
            kill_mode: self.choice("kill-mode", &KillMode::ALL).unwrap_or_default(),
            forks,
            pidfile: self.field("pidfile").and_then(|node| self.path("pidfile", node)),
            sockets: self.sockets(),
            watchdog,
            log: self.log(),
            context,
        }
    }

    /// `run`, or `servicedir` and nothing that only a command of ours could follow.
    fn program(&mut self) -> Program {
        let command = self.command("run");
        let Some(entry) = self.entry("servicedir") else {
            return Program::Command(command.unwrap_or(Command::Argv(Vec::new())));
        };
        if let Some(run) = self.entry("run") {
            self.error(&run.place, "\"run\" and \"servicedir\" are one too many");
        }
        let of_the_context = surroundings().map(|key| key.name);
        let useless: Vec<&Entry> =
            OF_THE_DIRECTORY.into_iter().chain(of_the_context).filter_map(|key| self.entry(key)).collect();
        for useless in useless {
            self.error(
                &useless.place,
                format!("{} means nothing with \"servicedir\": the directory's own files say it", quoted(&useless.key)),
            );
        }
        let directory = self.path("servicedir", &entry.value);
        Program::ServiceDirectory(directory.unwrap_or_default())
    }

    /// `5 in 60s`.
    fn max_deaths(&mut self, node: &'a Node<'a>) -> Option<MaxDeaths> {
        let wanted = "COUNT in TIME, such as 5 in 60s";
        let text = self.text("max-deaths", node)?;
        let Some((count, within)) = text.split_once(" in ") else { return self.wrong("max-deaths", node, wanted) };
        let count = super::value::parse_number(count).filter(|count| (DEATHS.0..=DEATHS.1).contains(count));
        let within = super::value::parse_duration(within).filter(|within| !within.is_zero());
        match (count, within) {
            (Some(count), Some(within)) => Some(MaxDeaths { count, within }),
            _ => self.wrong("max-deaths", node, wanted),
        }
    }

    fn signal(&mut self, node: &'a Node<'a>) -> Option<Signal> {
        let text = self.text("stop-signal", node)?;
        if let Some(signal) = Signal::new(text) {
            return Some(signal);
        }
        let hint = did_you_mean(text.strip_prefix("SIG").unwrap_or(text), Signal::names());
        self.error(&node.place, format!("unknown signal {}{hint}", quoted(text)));
        None
    }

    fn sockets(&mut self) -> Vec<Socket> {
        let items = self.field("sockets").map_or(&[][..], |node| self.list("sockets", node));
        let mut sockets: Vec<Socket> = Vec::new();
        let mut seen = HashSet::new();
        for node in items {
            let Some(text) = self.text("sockets", node) else { continue };
            match Socket::new(text, node.place.clone()) {
                None => drop(self.wrong_but::<Socket>("sockets", node, &format!("a list of {FORMS}"), meant::socket)),
                Some(socket) if !seen.insert(socket.address.clone()) => {
                    self.error(&node.place, format!("{} is in \"sockets\" twice", quoted(text)));
                }
                Some(socket) => sockets.push(socket),
            }
        }
        sockets
    }

    /// `provides`: names that are not the unit's own.
    pub(super) fn provides(&mut self, own: Option<&crate::UnitName>) -> Vec<(crate::UnitName, Place)> {
        self.edges("provides", own).into_iter().map(|edge| (edge.unit, edge.place)).collect()
    }

    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry<'a>> {
        self.fields.find(key)
    }

    /// One of the words that a key may have.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(T, &'static str)]) -> Option<T> {
        let node = self.field(key)?;
        self.choice_at(key, node, words)
    }

    pub(super) fn choice_at<T: Copy>(
        &mut self,
        key: &str,
        node: &'a Node<'a>,
        words: &[(T, &'static str)],
    ) -> Option<T> {
        let text = self.text(key, node)?;
        let known = words.iter().find(|(_, word)| *word == text);
        if known.is_none() {
            let meant = elsewhere::word(key, text).or_else(|| nearest(text, words.iter().map(|(_, word)| *word)));
            let hint = suggestion(meant);
            let all: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
            self.error(&node.place, format!("\"{key}\" must be {}, not {}{hint}", one_of(&all), quoted(text)));
        }
        known.map(|(value, _)| *value)
    }
}

/// `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).into(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
