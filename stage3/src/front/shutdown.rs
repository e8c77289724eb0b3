//! The command line of `shutdown`: sysvinit's options.

use super::check::Check;
use super::warnings::Volume;
use super::when::When;
use super::{Aim, Wish, command, flag};
use crate::verb::Verb;
use clap::{Arg, ArgMatches, Command};

/// What is understood.
pub fn shutdown_command() -> Command {
    command("shutdown", "Stop the system, now or later")
        .arg(flag("off", 'h', "Stop and switch the power off"))
        .arg(flag("power", 'P', "Stop and switch the power off"))
        .arg(flag("halt", 'H', "Stop and leave the power on"))
        .arg(flag("reboot", 'r', "Stop and start again"))
        .arg(flag("warn", 'k', "Only warn everyone"))
        .arg(flag("cancel", 'c', "Call a scheduled shutdown off"))
        .arg(flag("allow", 'a', "Only while somebody of /etc/shutdown.allow is logged in"))
        .arg(flag("quiet", 'q', "Warn less often"))
        .arg(flag("silent", 'Q', "Warn only when it happens"))
        .arg(flag("no-fsck", 'f', "Check no filesystem at the next boot"))
        .arg(flag("fsck", 'F', "Check every filesystem at the next boot"))
        .arg(flag("direct", 'n', "Accepted: only process 1 stops the system"))
        .arg(Arg::new("delay").short('t').value_name("SECONDS").help("Accepted: every unit has its own deadline"))
        .arg(Arg::new("time").value_name("TIME").help("now, +MINUTES, +HH:MM, or HH:MM"))
        .arg(Arg::new("message").value_name("MESSAGE").num_args(0..).help("Shown to everyone"))
        .after_help("Without -h, -P, -H and -r the system goes to the rescue bundle.")
}

/// What is asked for.
pub fn shutdown_wish(matches: &ArgMatches) -> Result<Wish, String> {
    let words = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned();
    let message = words("message").collect::<Vec<_>>().join(" ");
    if matches.get_flag("cancel") {
        let message = words("time").chain(words("message")).collect::<Vec<_>>().join(" ");
        return Ok(Wish::Cancel { message });
    }
    let aim = match ["reboot", "off", "power", "halt"].map(|name| matches.get_flag(name)) {
        [false, false, false, false] => Aim::Rescue,
        [true, false, false, false] => Aim::Stop(Verb::Reboot),
        [true, ..] => return Err("-r does not go together with -h, -P and -H".into()),
        [false, _, power, halt] if halt && !power => Aim::Stop(Verb::Halt),
        _ => Aim::Stop(Verb::Poweroff),
    };
    let check = match (matches.get_flag("fsck"), matches.get_flag("no-fsck")) {
        (false, false) => Check::Usual,
        (true, false) => Check::Forced,
        (false, true) => Check::Skipped,
        (true, true) => return Err("-f does not go together with -F".into()),
    };
    let Some(time) = matches.get_one::<String>("time") else {
        return Err("say when: now, +MINUTES, +HH:MM or HH:MM".into());
    };
    let Some(when) = When::parse(time) else {
        return Err(format!("'{time}' is no time: say now, +MINUTES, +HH:MM or HH:MM"));
    };
    Ok(Wish::Shutdown {
        aim,
        when,
        message,
        volume: Volume::from_options(matches.get_flag("quiet"), matches.get_flag("silent")),
        only_warn: matches.get_flag("warn"),
        check_allowed: matches.get_flag("allow"),
        check,
    })
}
