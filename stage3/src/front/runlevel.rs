//! `runlevel`: the previous and the present runlevel, as sysvinit's scripts ask for them.
//!
//! sunup has no runlevels; what it is doing is told in their numbers: S while it boots, 2 afterwards, 1 in rescue,
//! 0 and 6 while it stops.

use crate::processes::Process;
use crate::verb::Verb;
use crate::{EXIT_NO, EXIT_SYSTEM};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths;
use supervisor::state::State;

const HELP: &str = "\
usage: runlevel
Tells the previous and the present runlevel in sysvinit's words: N S while the system boots, N 2 when it has booted,
N 1 in rescue, 2 0 and 2 6 while it stops and restarts; unknown where no sunup system runs.

exit codes: 0 it was told, 1 it is unknown, 111 failure

example: runlevel
";

/// Prints it; exit 1 when there is no system of ours.
pub fn main(arguments: &[OsString], run: &Path) -> ExitCode {
    match arguments {
        [_, word] if word == "--help" => tell(HELP),
        [_, word] if word == "--version" => tell(concat!("runlevel ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => tell_level(run),
    }
}

fn tell(text: &str) -> ExitCode {
    if std::io::stdout().write_all(text.as_bytes()).is_ok() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SYSTEM) }
}

fn tell_level(run: &Path) -> ExitCode {
    let booted = run.join(paths::run::SCAN).join(paths::scan::CONTROL).exists() && Process::of(1).is_some();
    if !booted {
        let _ = writeln!(std::io::stdout(), "unknown");
        return ExitCode::from(EXIT_NO);
    }
    tell(&format!("{}\n", level(run)))
}

fn level(run: &Path) -> &'static str {
    let stopping = fs::read_to_string(run.join(paths::run::STAGE3_LOCK)).unwrap_or_default();
    match Verb::from_name(stopping.trim()) {
        Some(Verb::Reboot | Verb::SoftReboot) => "2 6",
        Some(Verb::Halt | Verb::Poweroff) => "2 0",
        None if is_up(run, "sulogin") => "N 1",
        None if is_up(run, "local") => "N 2",
        None => "N S",
    }
}

fn is_up(run: &Path, unit: &str) -> bool {
    let text = fs::read_to_string(run.join(paths::run::STATE).join(unit)).unwrap_or_default();
    text.contains(&format!("\"state\":\"{}\"", State::Up.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the files say decides, the stop first.
    #[test]
    fn levels() {
        let run = std::env::temp_dir().join(format!("sunup-stage3-runlevel-{}", std::process::id()));
        fs::create_dir_all(run.join("state")).unwrap();
        assert_eq!(level(&run), "N S");
        fs::write(run.join("state/local"), r#"{"v":1,"unit":"local","state":"up"}"#).unwrap();
        assert_eq!(level(&run), "N 2");
        fs::write(run.join("stage3.lock"), "reboot\n").unwrap();
        assert_eq!(level(&run), "2 6");
        fs::remove_dir_all(run).unwrap();
    }
}
