//! svwait: waits until services are in a state.
//!
//! It never polls and sends no command; `svc -w` does both without a gap.

mod client {
    pub mod announces;
    pub mod error_text;
    pub mod fifo;
    pub mod goal;
    pub mod ok;
    pub mod record;
    pub mod wait;
}

use clap::{ArgAction, ArgGroup, Parser};
use client::error_text::error_text;
use client::goal::Goal;
use client::wait::Wait;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLES: &str = "\
exit codes: 0 they got there, 1 they did not (in time), 100 usage, 111 system failure

examples: svwait -U -t 30000 /run/sunup/scan/sshd
          svwait -o -d /run/sunup/scan/a /run/sunup/scan/b";

/// Wait until services are up, ready, down or restarted.
#[derive(Parser)]
#[command(name = "svwait", version, after_help = EXAMPLES, disable_version_flag = true)]
#[command(group(ArgGroup::new("state").multiple(false).args(["_up", "ready", "down", "finished", "restarted", "again"])))]
struct Options {
    /// Until it is up (the default).
    #[arg(short = 'u')]
    _up: bool,
    /// Until it is up and ready.
    #[arg(short = 'U')]
    ready: bool,
    /// Until it is down.
    #[arg(short = 'd')]
    down: bool,
    /// Until it is down and its finish script is done.
    #[arg(short = 'D')]
    finished: bool,
    /// Until it has been restarted.
    #[arg(short = 'r')]
    restarted: bool,
    /// Until it has been restarted and is ready.
    #[arg(short = 'R')]
    again: bool,
    /// Until all of them are (the default).
    #[arg(short = 'a', overrides_with = "any")]
    all: bool,
    /// Until one of them is.
    #[arg(short = 'o', overrides_with = "all")]
    any: bool,
    /// Give up after so many milliseconds; 0: never.
    #[arg(short = 't', value_name = "MILLISECONDS", default_value_t = 0)]
    timeout: u64,
    /// Print the version.
    #[arg(long, action = ArgAction::Version)]
    version: (),
    /// Service directories.
    #[arg(value_name = "DIR", required = true)]
    directories: Vec<PathBuf>,
}

impl Options {
    fn goal(&self) -> Goal {
        let letters =
            [(self.ready, b'U'), (self.down, b'd'), (self.finished, b'D'), (self.restarted, b'r'), (self.again, b'R')];
        let asked = letters.into_iter().find(|(asked, _)| *asked);
        asked.and_then(|(_, letter)| Goal::from_letter(letter)).unwrap_or(Goal::Up)
    }
}

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 100 } else { 0 });
        }
    };
    match wait(&options) {
        Ok(missing) if missing.is_empty() => ExitCode::SUCCESS,
        Ok(missing) => {
            missing.iter().for_each(|(name, reason)| eprintln!("svwait: warning: {name} did not get there: {reason}"));
            ExitCode::from(1)
        }
        Err(message) => {
            eprintln!("svwait: fatal: {message}");
            ExitCode::from(111)
        }
    }
}

/// Waits; the names and reasons of those that did not get there.
fn wait(options: &Options) -> Result<Vec<(String, &'static str)>, String> {
    let mut wait =
        Wait::new(options.goal(), false).map_err(|error| format!("unable to watch: {}", error_text(error)))?;
    for directory in &options.directories {
        let name = directory.display().to_string();
        wait.add(name.clone(), directory.clone())
            .map_err(|error| format!("unable to watch {name}: {}", error_text(error)))?;
    }
    let timeout = (options.timeout != 0).then(|| Duration::from_millis(options.timeout));
    wait.run(timeout, options.any).map_err(|error| format!("unable to wait: {}", error_text(error)))
}
