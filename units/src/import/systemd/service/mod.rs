//! `[Service]` → keys of the unit, and set-up lines for what has no key.

mod account;
mod commands;
mod context;
mod group;
mod life;
mod sandbox;
mod script;

use super::file::Setting;
use super::words::{CommandLine, Names};
use crate::import::report::Fate;
use crate::import::sketch::{Report, Sketch};
use account::Account;
use commands::signal_sent;
pub(super) use life::start_limit;
use sandbox::Sandbox;

/// How a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// In the foreground.
    Longrun,
    /// It goes into the background.
    Forking,
    /// Until it is done.
    Oneshot,
}

/// The section, as far as it is read.
pub(super) struct Service {
    manner: Manner,
    /// What other lines say that the fate of one depends on.
    known: Known,
    main: Vec<CommandLine>,
    before: Vec<CommandLine>,
    stop: Vec<CommandLine>,
    reload: Vec<CommandLine>,
    /// Lines at the beginning of each script.
    setup: Vec<String>,
    redirections: Vec<String>,
    /// Directories to make: what for, and where.
    directories: Vec<(&'static str, String)>,
    /// Modes of those, by what they are for.
    modes: Vec<(&'static str, String)>,
    environment: Vec<(String, String)>,
    environment_files: Vec<String>,
    limits: Vec<(&'static str, String)>,
    group: Vec<(&'static str, String)>,
    account: Account,
    sandbox: Sandbox,
}

/// What the section says as a whole.
struct Known {
    /// Variables are also read from files, which win over those of the unit.
    has_environment_files: bool,
    /// Its output and input may be a terminal: this one.
    terminal: Option<String>,
    /// It announces itself.
    notifies: bool,
    /// A HUP is all or a part of its reload.
    is_hung_up: bool,
}

impl Known {
    fn new(settings: &[Setting]) -> Self {
        let last = |key: &str| last(settings, key);
        let is_at_terminal = last("StandardInput").is_some_and(|value| value.starts_with("tty"));
        Self {
            has_environment_files: last("EnvironmentFile").is_some_and(|value| !value.is_empty()),
            terminal: is_at_terminal.then(|| last("TTYPath").unwrap_or("/dev/console").into()),
            notifies: last("Type").is_some_and(|value| value.starts_with("notify")),
            is_hung_up: settings.iter().any(|one| one.key == "ExecReload" && signal_sent(&one.value) == Some("HUP")),
        }
    }
}

impl Service {
    /// The whole is known before the settings are read one by one, because the fate of one depends on others.
    pub(super) fn new(manner: Manner, settings: &[Setting]) -> Self {
        Self {
            manner,
            known: Known::new(settings),
            main: Vec::new(),
            before: Vec::new(),
            stop: Vec::new(),
            reload: Vec::new(),
            setup: Vec::new(),
            redirections: Vec::new(),
            directories: Vec::new(),
            modes: Vec::new(),
            environment: Vec::new(),
            environment_files: Vec::new(),
            limits: Vec::new(),
            group: Vec::new(),
            account: Account::new(settings),
            sandbox: Sandbox::new(settings),
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
        self.command(setting, value, sketch, report)
            .or_else(|| self.account.take(key, value))
            .or_else(|| self.context(key, value, sketch))
            .or_else(|| self.limit(key, value))
            .or_else(|| self.directory(key, value))
            .or_else(|| self.output(setting, value, sketch, report))
            .or_else(|| self.sandbox.take(key, value))
            .or_else(|| self.control_group(key, value))
            .or_else(|| self.life(setting, value, sketch, report))
    }
}

/// The manner of a service: its type, or what its commands say.
pub(super) fn manner(settings: &[Setting]) -> Manner {
    let last = |key: &str| last(settings, key);
    let stays = last("RemainAfterExit").is_some_and(is_true) && last("PIDFile").is_none();
    match last("Type") {
        Some("oneshot") => Manner::Oneshot,
        // What stays up after everything has ended leaves nothing that could be followed.
        Some("forking") if stays => Manner::Oneshot,
        Some("forking") => Manner::Forking,
        None if last("ExecStart").is_none() && last("ExecStop").is_some() => Manner::Oneshot,
        _ => Manner::Longrun,
    }
}

/// The names that specifiers need.
pub(super) fn names(full: &str, settings: &[Setting]) -> Names {
    let user = last(settings, "User").filter(|user| !user.is_empty() && !user.contains('%'));
    Names { full: full.into(), user: user.unwrap_or("root").into() }
}

/// What the last line with a key says.
fn last<'a>(settings: &'a [Setting], key: &str) -> Option<&'a str> {
    settings.iter().rev().find(|one| one.section == "Service" && one.key == key).map(|one| one.value.as_str())
}

fn is_true(value: &str) -> bool {
    matches!(value, "yes" | "true" | "on" | "1" | "y" | "t")
}

fn is_false(value: &str) -> bool {
    matches!(value, "no" | "false" | "off" | "0" | "n" | "f")
}
