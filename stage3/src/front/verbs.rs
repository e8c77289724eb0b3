//! The command lines of `halt`, `poweroff` and `reboot`: sysvinit's options, and two of our own.

use super::{Wish, command, flag};
use crate::verb::Verb;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// What is understood.
pub fn verb_command(verb: Verb) -> Command {
    let (name, about) = match verb {
        Verb::Halt => ("halt", "Stop the system"),
        Verb::Poweroff => ("poweroff", "Stop the system and switch the power off"),
        _ => ("reboot", "Stop the system and start it again"),
    };
    let long = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let command = command(name, about)
        .arg(flag("force", 'f', "Stop nothing: sync and end at once").long("force"))
        .arg(flag("no-sync", 'n', "With -f: do not sync").long("no-sync"))
        .arg(flag("record", 'w', "Only write the wtmp record").long("wtmp-only"))
        .arg(flag("no-record", 'd', "Write no wtmp record").long("no-wtmp"))
        .arg(flag("power", 'p', "Switch the power off").long("poweroff"))
        .arg(flag("disks", 'h', "Put the disks to sleep: accepted, the kernel does it"))
        .arg(flag("network", 'i', "Shut the network down: accepted, units do it"))
        .arg(long("ignore-inhibitors", "Stop whatever 'sunup inhibit' protects"));
    if verb != Verb::Reboot {
        return command;
    }
    let soft = long("soft", "Stop and start everything but the kernel").conflicts_with_all(["force", "kernel"]);
    command.arg(flag("kernel", 'k', "Only into the kernel that kexec has loaded").long("kexec")).arg(soft)
}

/// What is asked for.
pub fn verb_wish(verb: Verb, matches: &ArgMatches) -> Result<Wish, String> {
    let is_set = |name: &str| verb == Verb::Reboot && matches.get_flag(name);
    let verb = match verb {
        Verb::Halt if matches.get_flag("power") => Verb::Poweroff,
        Verb::Reboot if is_set("soft") => Verb::SoftReboot,
        verb => verb,
    };
    Ok(if matches.get_flag("record") {
        Wish::Record
    } else if matches.get_flag("force") {
        Wish::AtOnce { verb, sync: !matches.get_flag("no-sync") }
    } else {
        Wish::Stop {
            verb,
            record: !matches.get_flag("no-record"),
            inhibitors: !matches.get_flag("ignore-inhibitors"),
            needs_kernel: is_set("kernel"),
        }
    })
}
