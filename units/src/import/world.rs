//! What other systems call what sunup has: names of scripts, facilities and targets → units of ours.

/// Who does here what a name stands for elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// A unit that sunup ships.
    Unit(&'static str),
    /// A stage of the boot, so that no unit needs to wait for it.
    Stage(&'static str),
}

use Ours::{Stage, Unit};

const STAGE_1: Ours = Stage("stage 1 does this before any unit");
const STAGE_3: Ours = Stage("stage 3 does this after every unit");

/// The scripts of Debian's initscripts and their like, by what they provide: they must not run beside ours.
const REPLACED: [(&str, Ours); 26] = [
    ("mountkernfs", STAGE_1),
    ("mountdevsubfs", STAGE_1),
    ("checkroot", Unit("root-rw")),
    ("checkroot-bootclean", Unit("root-rw")),
    ("checkfs", Unit("mounts")),
    ("mountall", Unit("mounts")),
    ("mountall-bootclean", Unit("tmpfiles")),
    ("mountoverflowtmp", Unit("mounts")),
    ("mountnfs", Unit("network-mounts")),
    ("mountnfs-bootclean", Unit("tmpfiles")),
    ("bootmisc", Unit("tmpfiles")),
    ("hostname", Unit("hostname")),
    ("urandom", Unit("random-seed")),
    ("rc", STAGE_1),
    ("rcS", STAGE_1),
    ("rmnologin", Unit("local")),
    ("single", Unit("sulogin")),
    ("sendsigs", STAGE_3),
    ("killprocs", STAGE_3),
    ("umountfs", STAGE_3),
    ("umountnfs", STAGE_3),
    ("umountroot", STAGE_3),
    ("halt", STAGE_3),
    ("reboot", STAGE_3),
    ("bootlogd", Stage("the catch-all logger does this")),
    ("stop-bootlogd", Stage("the catch-all logger does this")),
];

/// Scripts of packages for which sunup ships a unit; both can be, one after the other.
const SHIPPED: [(&str, &str); 17] = [
    ("hwclock", "clock"),
    ("procps", "sysctl"),
    ("kmod", "modules"),
    ("module-init-tools", "modules"),
    ("networking", "network"),
    ("ifupdown", "network"),
    ("udev", "udev-settle"),
    ("eudev", "udev-settle"),
    ("cron", "cron"),
    ("crond", "cron"),
    ("dbus", "dbus"),
    ("ssh", "sshd"),
    ("sshd", "sshd"),
    ("nginx", "nginx"),
    ("rsyslog", "rsyslog"),
    ("syslog", "rsyslog"),
    ("default-syslog", "rsyslog"),
];

/// What a service of Debian is here, if sunup has it.
pub(crate) fn ours(name: &str) -> Option<Ours> {
    let shipped = || SHIPPED.iter().find(|(other, _)| *other == name).map(|(_, unit)| Unit(unit));
    replaced(name).or_else(shipped)
}

/// What replaces a script that must not run beside it.
pub(super) fn replaced(name: &str) -> Option<Ours> {
    let name = name.strip_suffix(".sh").unwrap_or(name);
    REPLACED.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours)
}

/// The bundle of a run level.
pub(super) fn bundle_of_level(level: char) -> Option<&'static str> {
    match level {
        '0' | '6' => Some("shutdown"),
        'S' | 's' | '2'..='9' => Some("default"),
        '1' => Some("rescue"),
        _ => None,
    }
}
