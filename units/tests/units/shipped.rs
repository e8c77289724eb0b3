//! The units, bundles and stage-1 image that we ship.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use units::{Bundles, Condition, Edge, KillMode, Kind, Unit, UnitSet};

/// The edges of the design: `<` needs, `~` wants, `>` after.
const EDGES: [(&str, &str); 31] = [
    ("clock", ""),
    ("clock-save", ""),
    ("cron", "< local"),
    ("dbus", "< local"),
    ("dracut-shutdown", ""),
    ("fsck-root", "> udev-settle"),
    ("getty-console", "> root-rw"),
    ("getty-tty1", "> root-rw"),
    ("getty-ttyS0", "> root-rw"),
    ("hostname", ""),
    ("local", "< tmpfiles ~ mounts machine-id hostname loopback sysctl swap clock"),
    ("loopback", ""),
    ("machine-id", "< root-rw"),
    ("modules", ""),
    ("mounts", "< root-rw ~ udev-settle"),
    ("network", "< loopback > local"),
    ("network-mounts", "< local ~ network"),
    ("nginx", "< local ~ network"),
    ("random-seed", "< mounts"),
    ("random-seed-save", ""),
    ("root-rw", "< fsck-root"),
    ("rsyslog", "< local"),
    ("sshd", "< sshd-keys ~ network"),
    ("sshd-keys", "< local"),
    ("sulogin", ""),
    ("swap", "~ udev-settle > root-rw mounts"),
    ("sysctl", "> modules"),
    ("tmpfiles", "< root-rw ~ mounts machine-id"),
    ("udev-coldplug", "< udevd"),
    ("udev-settle", "< udev-coldplug"),
    ("udevd", "> modules"),
];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn system() -> UnitSet {
    UnitSet::load(&[here("system")])
}

fn edges_of(unit: &Unit) -> String {
    let words = |mark: &str, edges: &[Edge]| {
        let names = edges.iter().map(|edge| format!(" {}", edge.unit)).collect::<String>();
        if names.is_empty() { names } else { format!("{mark}{names}") }
    };
    assert!(unit.before.is_empty(), "{}", unit.name);
    let parts = [words("<", &unit.needs), words("~", &unit.wants), words(">", &unit.after)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Nothing is wrong with the units we ship, and they have the edges that the design gives them, less those that others imply.
#[test]
fn units_are_sound_and_have_the_edges_of_the_design() {
    let set = system();
    assert_eq!(set.diagnostics(), []);
    assert_eq!(set.check(), []);
    let edges: BTreeMap<&str, String> = set.units().values().map(|unit| (unit.name.as_str(), edges_of(unit))).collect();
    let expected: BTreeMap<&str, String> = EDGES.iter().map(|(name, edges)| (*name, (*edges).to_owned())).collect();
    assert_eq!(edges, expected);
}

/// What is the host's stays the host's, and whoever holds people's sessions and jobs leaves them alone.
#[test]
fn conditions_and_kill_modes() {
    let set = system();
    let outside: Vec<&str> = names(&set, |unit| unit.conditions.contains(&Condition::Container(false)));
    let expected = [
        "clock",
        "clock-save",
        "dracut-shutdown",
        "fsck-root",
        "getty-tty1",
        "getty-ttyS0",
        "modules",
        "network-mounts",
        "swap",
        "sysctl",
        "udev-coldplug",
        "udev-settle",
        "udevd",
    ];
    assert_eq!(outside, expected);
    let main = names(&set, |unit| matches!(&unit.kind, Kind::Longrun(longrun) if longrun.kill_mode == KillMode::Main));
    assert_eq!(main, ["cron", "getty-console", "getty-tty1", "getty-ttyS0", "sshd"]);
}

fn names(set: &UnitSet, which: impl Fn(&Unit) -> bool) -> Vec<&str> {
    set.units().values().filter(|unit| which(unit)).map(|unit| unit.name.as_str()).collect()
}

/// A unit whose package is not installed is skipped, so that checking the shipped units below an empty root is silent
/// but for what every system has.
#[test]
fn units_of_packages_that_are_absent_are_skipped() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(system().check_commands(root.path()), []);
}

/// The bundles name what the design and decision 0005 say, and nothing that is not there.
#[test]
fn bundles() {
    let mut set = system();
    let bundles = Bundles::load(&[here("bundles")], &mut set);
    assert_eq!(bundles.diagnostics(), []);
    let members: Vec<(&str, String)> = bundles
        .all()
        .values()
        .map(|bundle| (bundle.name.as_str(), bundle.members.iter().map(|member| format!("{} ", member.unit)).collect()))
        .collect();
    let expected = [
        (
            "default",
            "cron dbus getty-console getty-tty1 getty-ttyS0 modules network-mounts nginx random-seed rsyslog sshd ",
        ),
        ("rescue", "sulogin "),
        ("shutdown", "clock-save dracut-shutdown random-seed-save "),
    ];
    assert_eq!(members, expected.map(|(name, members)| (name, members.to_owned())));
    assert!(set.broken().is_empty());
}

/// The image has exactly three service directories, whose programs can be run; engine and getty wait to be upped.
#[test]
fn image_of_stage_1() {
    let image = here("stage1");
    let mut found: Vec<String> = Vec::new();
    for service in ["catch-all", "engine", "getty-early"] {
        for entry in fs::read_dir(image.join(service)).unwrap() {
            let entry = entry.unwrap();
            let is_program = entry.metadata().unwrap().permissions().mode() & 0o111 != 0;
            found.push(format!("{service}/{}{}", entry.file_name().display(), if is_program { "*" } else { "" }));
        }
    }
    found.sort();
    let expected = [
        "catch-all/longest-rest",
        "catch-all/notification-fd",
        "catch-all/run*",
        "catch-all/stdin-fifo",
        "engine/down",
        "engine/finish*",
        "engine/longest-rest",
        "engine/run*",
        "getty-early/down",
        "getty-early/run*",
    ];
    assert_eq!(found, expected);
    assert_eq!(fs::read_dir(&image).unwrap().count(), 3);
}
