//! `shutdown`, `halt`, `poweroff`, `reboot`: they ask process 1, and return at once.
//!
//! sysvinit's options are understood. One that asks for something we cannot do is refused; one that asks for nothing
//! here (putting disks to sleep) is accepted. On a machine that another init runs nothing happens at all.

use crate::verb::Verb;
use crate::{EXIT_SYSTEM, EXIT_USAGE, complain, guard, run_directory, stage};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use nix::libc::O_NONBLOCK;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use supervisor::paths;
use supervisor::sys::stop::signal;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Stop the system in order.
    Stop(Verb),
    /// Skip everything but, unless told otherwise, a sync.
    AtOnce { verb: Verb, sync: bool },
    /// Nothing: only a record was wanted, and we keep none.
    Nothing,
}

/// Parses and asks.
pub fn main(name: &str, arguments: Vec<OsString>) -> ExitCode {
    let wish = match Verb::from_name(name) {
        Some(verb) => parse(verb_command(verb), arguments).map(|matches| verb_wish(verb, &matches)),
        None => parse(shutdown_command(), arguments).map(|matches| shutdown_wish(&matches)),
    };
    match wish {
        Err(code) => code,
        Ok(Err(text)) => {
            complain(name, &text);
            ExitCode::from(EXIT_USAGE)
        }
        Ok(Ok(wish)) => match fulfil(wish, &run_directory()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(text) => {
                complain(name, &text);
                ExitCode::from(EXIT_SYSTEM)
            }
        },
    }
}

fn parse(command: Command, arguments: Vec<OsString>) -> Result<ArgMatches, ExitCode> {
    command.try_get_matches_from(arguments).map_err(|error| {
        let _ = error.print();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
            _ => ExitCode::from(EXIT_USAGE),
        }
    })
}

fn flag(name: &'static str, short: char, help: &'static str) -> Arg {
    Arg::new(name).short(short).action(ArgAction::SetTrue).help(help)
}

/// `-h` is sysvinit's, so help has its long form only.
fn command(name: &'static str, about: &'static str) -> Command {
    let help = Arg::new("help").long("help").action(ArgAction::Help).help("Print help");
    Command::new(name).about(about).version(env!("CARGO_PKG_VERSION")).disable_help_flag(true).arg(help)
}

fn verb_command(verb: Verb) -> Command {
    let (name, about) = match verb {
        Verb::Halt => ("halt", "Stop the system"),
        Verb::Poweroff => ("poweroff", "Stop the system and switch the power off"),
        Verb::Reboot => ("reboot", "Stop the system and start it again"),
    };
    command(name, about)
        .arg(flag("force", 'f', "Stop nothing: sync and end at once").long("force"))
        .arg(flag("no-sync", 'n', "With -f: do not sync").long("no-sync"))
        .arg(flag("record", 'w', "Only write the wtmp record: does nothing, since none is kept").long("wtmp-only"))
        .arg(flag("no-record", 'd', "Write no wtmp record: accepted, since none is kept").long("no-wtmp"))
        .arg(flag("power", 'p', "Switch the power off").long("poweroff"))
        .arg(flag("disks", 'h', "Put the disks to sleep: accepted, the kernel does it"))
        .arg(flag("network", 'i', "Shut the network down: accepted, units do it"))
}

fn verb_wish(verb: Verb, matches: &ArgMatches) -> Result<Wish, String> {
    let verb = if matches.get_flag("power") && verb == Verb::Halt { Verb::Poweroff } else { verb };
    Ok(if matches.get_flag("record") {
        Wish::Nothing
    } else if matches.get_flag("force") {
        Wish::AtOnce { verb, sync: !matches.get_flag("no-sync") }
    } else {
        Wish::Stop(verb)
    })
}

fn shutdown_command() -> Command {
    command("shutdown", "Stop the system")
        .arg(flag("off", 'h', "Stop and switch the power off"))
        .arg(flag("power", 'P', "Stop and switch the power off"))
        .arg(flag("halt", 'H', "Stop and leave the power on"))
        .arg(flag("reboot", 'r', "Stop and start again"))
        .arg(flag("warn", 'k', "Only warn: not built yet"))
        .arg(flag("cancel", 'c', "Cancel a scheduled shutdown: not built yet"))
        .arg(flag("allow", 'a', "Heed /etc/shutdown.allow: not built yet"))
        .arg(flag("no-fsck", 'f', "Accepted: fsck decides by the filesystem's state"))
        .arg(flag("fsck", 'F', "Accepted: fsck decides by the filesystem's state"))
        .arg(Arg::new("delay").short('t').value_name("SECONDS").help("Accepted: every unit has its own deadline"))
        .arg(Arg::new("time").value_name("TIME").help("now or +0; other times are not built yet"))
        .arg(Arg::new("message").value_name("MESSAGE").num_args(0..).help("Accepted, shown to nobody yet"))
}

fn shutdown_wish(matches: &ArgMatches) -> Result<Wish, String> {
    for (name, what) in [("cancel", "-c: nothing can be scheduled yet"), ("warn", "-k"), ("allow", "-a")] {
        if matches.get_flag(name) {
            return Err(format!("not built yet: {what}"));
        }
    }
    let verb = match ["reboot", "off", "power", "halt"].map(|name| matches.get_flag(name)) {
        [false, false, false, false] => return Err("say -h, -P, -H or -r; going to rescue is not built yet".into()),
        [true, false, false, false] => Verb::Reboot,
        [true, ..] => return Err("-r does not go together with -h, -P and -H".into()),
        [false, _, power, halt] if halt && !power => Verb::Halt,
        _ => Verb::Poweroff,
    };
    match matches.get_one::<String>("time").map(String::as_str) {
        None => Err("say when: now".into()),
        Some("now" | "+0" | "0") => Ok(Wish::Stop(verb)),
        Some(time) => Err(format!("a scheduled shutdown ({time:?}) is not built yet: say now")),
    }
}

fn fulfil(wish: Wish, run: &Path) -> Result<(), String> {
    match wish {
        Wish::Nothing => Ok(()),
        Wish::Stop(verb) => {
            guard::owner(run).map_err(|refusal| format!("unable to {}: {refusal}", verb.name()))?;
            if let Some(first) = under_way(run).filter(|first| *first != verb) {
                let text = format!("{}: warning: {} goes on, only faster", verb.name(), first.name());
                let _ = writeln!(std::io::stderr(), "{text}");
            }
            ask(verb, run)
        }
        Wish::AtOnce { verb, sync } => {
            let permit = guard::permit(run).map_err(|refusal| format!("unable to {}: {refusal}", verb.name()))?;
            Err(stage::at_once(verb, sync, &permit))
        }
    }
}

/// What the system is being stopped for, if it is. Nothing is locked here, or a stage 3 that starts now would yield to us.
fn under_way(run: &Path) -> Option<Verb> {
    Verb::from_name(std::fs::read_to_string(run.join(paths::run::STAGE3_LOCK)).ok()?.trim())
}

/// Process 1 is asked when it has a handler; another scanner has none, so stage 3 is started here.
fn ask(verb: Verb, run: &Path) -> Result<(), String> {
    let scan = run.join(paths::run::SCAN);
    let handler = scan.join(format!("{}{}", paths::scan::HANDLER, verb.handler()));
    let control = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(scan.join(paths::scan::CONTROL));
    if control.is_ok() && handler.exists() {
        return signal(1, verb.signal()).map_err(|error| format!("unable to ask process 1: {error}"));
    }
    let program = run.join(paths::run::BIN).join("stage3");
    let started = std::process::Command::new(&program)
        .arg0("stage3")
        .arg(verb.name())
        .env(paths::RUN_VARIABLE, run)
        .current_dir("/")
        .stdin(Stdio::null())
        .spawn();
    started.map(|_| ()).map_err(|error| format!("unable to run '{}': {error}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(line: &str) -> Result<Wish, String> {
        let words: Vec<&str> = line.split(' ').collect();
        match Verb::from_name(words[0]) {
            Some(verb) => verb_wish(verb, &verb_command(verb).try_get_matches_from(words).unwrap()),
            None => shutdown_wish(&shutdown_command().try_get_matches_from(words).unwrap()),
        }
    }

    /// Each name and option means what sysvinit's means.
    #[test]
    fn command_lines() {
        for (line, expected) in [
            ("poweroff", Wish::Stop(Verb::Poweroff)),
            ("halt", Wish::Stop(Verb::Halt)),
            ("halt -d -p -h -i", Wish::Stop(Verb::Poweroff)),
            ("reboot -p", Wish::Stop(Verb::Reboot)),
            ("reboot -f", Wish::AtOnce { verb: Verb::Reboot, sync: true }),
            ("halt -nf", Wish::AtOnce { verb: Verb::Halt, sync: false }),
            ("poweroff -w", Wish::Nothing),
            ("shutdown -h now", Wish::Stop(Verb::Poweroff)),
            ("shutdown -hP now good night", Wish::Stop(Verb::Poweroff)),
            ("shutdown -hH now", Wish::Stop(Verb::Halt)),
            ("shutdown -H +0", Wish::Stop(Verb::Halt)),
            ("shutdown -t 3 -r 0", Wish::Stop(Verb::Reboot)),
        ] {
            assert_eq!(wish(line), Ok(expected), "{line}");
        }
    }

    /// A stop is under way while its lock names it.
    #[test]
    fn knows_what_is_under_way() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(under_way(run.path()), None);
        std::fs::write(run.path().join(paths::run::STAGE3_LOCK), "poweroff\n").unwrap();
        assert_eq!(under_way(run.path()), Some(Verb::Poweroff));
        std::fs::write(run.path().join(paths::run::STAGE3_LOCK), "").unwrap();
        assert_eq!(under_way(run.path()), None);
    }

    /// What cannot be done is refused, never done otherwise.
    #[test]
    fn refusals() {
        for (line, expected) in [
            ("shutdown -h", "say when: now"),
            ("shutdown now", "say -h, -P, -H or -r; going to rescue is not built yet"),
            ("shutdown -rh now", "-r does not go together with -h, -P and -H"),
            ("shutdown -h +5", "a scheduled shutdown (\"+5\") is not built yet: say now"),
            ("shutdown -h 23:00", "a scheduled shutdown (\"23:00\") is not built yet: say now"),
            ("shutdown -k now", "not built yet: -k"),
            ("shutdown -c", "not built yet: -c: nothing can be scheduled yet"),
        ] {
            assert_eq!(wish(line), Err(expected.into()), "{line}");
        }
    }
}
