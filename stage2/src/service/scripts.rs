//! The texts of a service directory's programs.

use units::{Command, Log, Unit, WhenFull};

use super::confinement::Confinement;
use super::directory::{Logger, RELOAD_SCRIPT, SCRIPT, log_directory};
use super::quote::{quote, quote_if_needed};

/// How every generated script begins: errors end it, and both outputs go where the log is.
const HEAD: &str = "#!/bin/sh -e\nexec 2>&1\n";
/// A generated program, and the unit's own script if it is executed as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// What supervise executes.
    pub program: String,
    /// What that executes in its turn.
    pub script: Option<String>,
}

/// `run`.
pub fn run(command: &Command, confinement: Option<&Confinement>, is_elsewhere: bool) -> Generated {
    if let (Command::Script(text), None) = (command, confinement)
        && !has_interpreter(text)
    {
        return Generated { program: format!("{HEAD}{}\n", text.trim_end()), script: None };
    }
    let (words, script) = words(command, SCRIPT, is_elsewhere);
    Generated { program: format!("{HEAD}exec {}{words}\n", lines(confinement)), script }
}

/// `control/l`: what it says is in the log. It always exits 0, or the signal would be sent as well, from which a service
/// that has its own way to reload may die.
pub fn reload(command: &Command, confinement: Option<&Confinement>, is_elsewhere: bool) -> Generated {
    let (words, script) = words(command, RELOAD_SCRIPT, is_elsewhere);
    let program = format!("{HEAD}{}{words} || echo \"reload: exit $?\"\n", lines(confinement));
    Generated { program, script }
}

/// `log/run`.
pub fn log(unit: &Unit, log: &Log, logger: &Logger) -> String {
    let (size, keep, when_full) = match log {
        Log::Directory { size, keep, when_full, .. } => (*size, *keep, *when_full),
        Log::Auto | Log::None => (1 << 20, 10, WhenFull::default()),
    };
    let wait = if when_full == WhenFull::Wait { " -b" } else { "" };
    let directory = log_directory(&logger.directory, unit.name.as_str(), log);
    let program = quote_if_needed(&logger.program);
    let directory = quote_if_needed(&directory.to_string_lossy());
    format!("{HEAD}exec {program}{wait} -d 3 t s{size} n{keep} {directory}\n")
}

fn lines(confinement: Option<&Confinement>) -> String {
    confinement.map(Confinement::lines).unwrap_or_default()
}

/// A command for the shell, and the script to go with it. `is_elsewhere`: it is executed in another directory than the
/// script's.
fn words(command: &Command, script: &str, is_elsewhere: bool) -> (String, Option<String>) {
    match command {
        Command::Argv(words) => (words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "), None),
        Command::Script(text) => {
            let path = format!("{}/{script}", if is_elsewhere { "\"$PWD\"" } else { "." });
            let interpreter = if has_interpreter(text) { "" } else { "/bin/sh -e " };
            (format!("{interpreter}{path}"), Some(text.clone()))
        }
    }
}

fn has_interpreter(text: &str) -> bool {
    text.starts_with("#!")
}
