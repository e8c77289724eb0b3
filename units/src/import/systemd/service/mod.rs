//! `[Service]` → keys of the unit, and set-up lines for what has no key.

mod account;
mod commands;
mod context;
mod group;
mod life;
mod sandbox;
mod script;

use super::file::{Setting, last, value};
use super::table;
use super::words::CommandLine;
use crate::UnitName;
use crate::import::report::Verdict;
use crate::import::sketch::Sketch;
use account::Account;
use commands::{signal_sent, stop_signal};
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
    /// Variables that each script takes out of the environment.
    unset: Vec<String>,
    /// The line of each script that goes to another directory.
    change_directory: Option<String>,
    /// Where each script sends its output, and its errors.
    redirections: [Option<String>; 2],
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
    /// Errors go where the output goes.
    is_one_output: bool,
    /// It announces itself.
    notifies: bool,
    /// A HUP is all or a part of its reload.
    is_hung_up: bool,
    /// A command of its stop only sends a signal.
    is_signalled: bool,
    /// It stays up once its processes have ended.
    remains: bool,
    /// It says how much memory it may have, in the newer of two words for it.
    says_memory: bool,
    /// It says whether it is restarted.
    says_restart: bool,
}

impl Known {
    fn new(settings: &[Setting]) -> Self {
        let value = |key: &str| value(settings, "Service", key);
        let is_at_terminal = value("StandardInput").is_some_and(|value| value.starts_with("tty"));
        Self {
            has_environment_files: value("EnvironmentFile").is_some_and(|value| !value.is_empty()),
            terminal: is_at_terminal.then(|| value("TTYPath").unwrap_or("/dev/console").into()),
            is_one_output: value("StandardError").is_none_or(|value| value == "inherit"),
            notifies: value("Type").is_some_and(|value| value.starts_with("notify")),
            is_hung_up: settings.iter().any(|one| one.key == "ExecReload" && signal_sent(&one.value) == Some("HUP")),
            is_signalled: settings.iter().any(|one| one.is("Service", "ExecStop") && stop_signal(&one.value).is_some()),
            remains: remains(settings),
            says_memory: value("MemoryMax").is_some(),
            says_restart: value("Restart").is_some(),
        }
    }
}

fn remains(settings: &[Setting]) -> bool {
    last(settings, "Service", "RemainAfterExit").is_some_and(Setting::is_true)
}

impl Service {
    /// The whole is known before the settings are read one by one, because the fate of one depends on others.
    pub(super) fn new(manner: Manner, settings: &[Setting], unit: &UnitName) -> Self {
        Self {
            manner,
            known: Known::new(settings),
            main: Vec::new(),
            before: Vec::new(),
            stop: Vec::new(),
            reload: Vec::new(),
            unset: Vec::new(),
            change_directory: None,
            redirections: [None, None],
            directories: Vec::new(),
            modes: Vec::new(),
            environment: Vec::new(),
            environment_files: Vec::new(),
            limits: Vec::new(),
            group: Vec::new(),
            account: Account::new(settings, unit),
            sandbox: Sandbox::new(settings),
        }
    }

    /// Takes a setting; what it does not know is left to the table.
    pub(super) fn take(&mut self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        if table::is_off(setting) {
            return None;
        }
        self.command(setting, sketch)
            .or_else(|| self.account.take(setting, sketch))
            .or_else(|| self.context(setting, sketch))
            .or_else(|| self.limit(setting))
            .or_else(|| self.directory(setting))
            .or_else(|| self.output(setting, sketch))
            .or_else(|| self.sandbox.take(setting))
            .or_else(|| self.control_group(setting))
            .or_else(|| self.life(setting, sketch))
    }

    /// Whether something of it goes on once it is up.
    fn is_longrun(&self) -> bool {
        self.manner != Manner::Oneshot
    }
}

/// The manner of a service: its type, or what its commands say.
pub(super) fn manner(settings: &[Setting]) -> Manner {
    let value = |key: &str| value(settings, "Service", key);
    match value("Type") {
        Some("oneshot") => Manner::Oneshot,
        // What stays up after everything has ended leaves nothing that could be followed.
        Some("forking") if remains(settings) && value("PIDFile").is_none() => Manner::Oneshot,
        Some("forking") => Manner::Forking,
        None if value("ExecStart").is_none() && value("ExecStop").is_some() => Manner::Oneshot,
        _ => Manner::Longrun,
    }
}
