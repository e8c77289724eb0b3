//! What systemd's units are called here.

use std::collections::BTreeSet;

use crate::UnitName;
use crate::import::world::{self, Ours};

/// What a unit of systemd is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Here {
    /// This unit; whether it is known to be there.
    Unit(String, bool),
    /// Nothing has to be said for it; why.
    Given(&'static str),
    /// It has no counterpart; why.
    Nothing(&'static str),
}

const AT_SHUTDOWN: Here = Here::Given("every unit stops before the machine does");
const A_BUNDLE: Here = Here::Nothing("it is a bundle here, which nothing can be ordered by");
const THE_LOGGER: Here = Here::Given("the catch-all logger reads from the beginning");

/// Targets and services of systemd itself.
const UNITS: [(&str, &str); 45] = [
    ("network.target", "network"),
    ("network-online.target", "network"),
    ("network-pre.target", "network"),
    ("networking.service", "network"),
    ("systemd-networkd.service", "network"),
    ("systemd-networkd-wait-online.service", "network"),
    ("NetworkManager.service", "network"),
    ("systemd-resolved.service", "network"),
    ("nss-lookup.target", "network"),
    ("remote-fs-pre.target", "network"),
    ("nss-user-lookup.target", "local"),
    ("local-fs-pre.target", "root-rw"),
    ("local-fs.target", "mounts"),
    ("remote-fs.target", "network-mounts"),
    ("sysinit.target", "local"),
    ("basic.target", "local"),
    ("sockets.target", "local"),
    ("paths.target", "local"),
    ("slices.target", "local"),
    ("timers.target", "local"),
    ("cryptsetup.target", "local"),
    ("cryptsetup-pre.target", "udev-settle"),
    ("swap.target", "swap"),
    ("time-set.target", "clock"),
    ("time-sync.target", "clock"),
    ("syslog.target", "rsyslog"),
    ("syslog.socket", "rsyslog"),
    ("syslog.service", "rsyslog"),
    ("rpcbind.target", "rpcbind"),
    ("dbus.socket", "dbus"),
    ("dbus.service", "dbus"),
    ("systemd-udevd.service", "udevd"),
    ("systemd-udevd-control.socket", "udevd"),
    ("systemd-udevd-kernel.socket", "udevd"),
    ("systemd-udev-trigger.service", "udev-coldplug"),
    ("systemd-udev-settle.service", "udev-settle"),
    ("systemd-modules-load.service", "modules"),
    ("systemd-sysctl.service", "sysctl"),
    ("systemd-random-seed.service", "random-seed"),
    ("systemd-remount-fs.service", "root-rw"),
    ("systemd-fsck-root.service", "fsck-root"),
    ("systemd-tmpfiles-setup.service", "tmpfiles"),
    ("systemd-tmpfiles-setup-dev.service", "udevd"),
    ("systemd-user-sessions.service", "local"),
    ("systemd-hostnamed.service", "hostname"),
];

/// Whether systemd itself or its distribution brings a unit that sunup has one for.
pub(super) fn is_systemds(name: &str) -> bool {
    let is_own = name.ends_with(".target") || name.starts_with("systemd-");
    is_own && UNITS.iter().any(|(other, unit)| *other == name && *unit != "rpcbind")
}

/// Finds a unit; `batch` is what is imported together, by our names.
pub(super) fn find(name: &str, batch: &BTreeSet<String>) -> Here {
    let (stem, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
    if batch.contains(stem) && suffix == "service" {
        return Here::Unit(stem.into(), true);
    }
    if let Some((_, unit)) = UNITS.iter().find(|(other, _)| *other == name) {
        return Here::Unit((*unit).into(), *unit != "rpcbind" || batch.contains("rpcbind"));
    }
    match (stem, suffix) {
        (
            "shutdown" | "umount" | "final" | "reboot" | "halt" | "poweroff" | "kexec" | "exit" | "systemd-reboot",
            "target",
        ) => AT_SHUTDOWN,
        (
            "multi-user" | "graphical" | "default" | "getty" | "rescue" | "emergency" | "initrd-switch-root",
            "target",
        ) => A_BUNDLE,
        ("systemd-journald" | "systemd-journald-dev-log" | "systemd-journal-flush", _) => THE_LOGGER,
        (_, "slice") => Here::Nothing("there are no slices"),
        (_, "timer" | "path" | "scope") => Here::Nothing("nothing here is started by it"),
        (_, "mount" | "automount") => Here::Unit("mounts".into(), true),
        (_, "swap") => Here::Unit("swap".into(), true),
        (_, "device") => Here::Unit("udev-settle".into(), true),
        _ if stem.starts_with("plymouth") => Here::Nothing("there is no splash screen"),
        (_, "target") if UnitName::new(name).is_ok() => Here::Unit(name.into(), batch.contains(name)),
        _ => service(stem, batch),
    }
}

/// Our name for a unit of systemd, or else why there is none.
pub(crate) fn ours(name: &str) -> Result<String, &'static str> {
    match find(name, &BTreeSet::new()) {
        Here::Unit(unit, _) => Ok(unit),
        Here::Given(why) | Here::Nothing(why) => Err(why),
    }
}

fn service(stem: &str, batch: &BTreeSet<String>) -> Here {
    if batch.contains(stem) {
        return Here::Unit(stem.into(), true);
    }
    match world::ours(stem) {
        Some(Ours::Unit(unit)) => Here::Unit(unit.into(), true),
        _ if UnitName::new(stem).is_ok() => Here::Unit(stem.into(), false),
        _ => Here::Nothing("its name can be no unit's here"),
    }
}

/// The bundle that a target of `WantedBy=` is, and whether it is just that.
pub(super) fn bundle(name: &str) -> Option<(&'static str, bool)> {
    let (stem, suffix) = name.rsplit_once('.')?;
    match (stem, suffix) {
        ("multi-user" | "graphical" | "default", "target") => Some(("default", true)),
        ("rescue" | "emergency", "target") => Some(("rescue", true)),
        ("shutdown" | "reboot" | "halt" | "poweroff" | "final" | "kexec", "target") => Some(("shutdown", false)),
        (
            "sysinit" | "basic" | "local-fs" | "remote-fs" | "network" | "network-online" | "sockets" | "timers"
            | "paths" | "swap" | "getty" | "time-sync" | "network-pre" | "nss-lookup" | "cryptsetup" | "local-fs-pre",
            "target",
        ) => Some(("default", false)),
        _ => None,
    }
}
