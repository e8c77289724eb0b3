//! The order of different directives says nothing in systemd's unit files, and neither does it to what is made of them.

use std::collections::BTreeSet;
use std::path::Path;

use units::import::{Format, Import, import_texts};

use crate::import::text;
use crate::prng::Random;

/// Lines of `[Service]` of which one concerns what becomes of another.
const LINES: [&str; 63] = [
    "AmbientCapabilities=CAP_NET_RAW",
    "CPUWeight=20",
    "CacheDirectory=x",
    "CapabilityBoundingSet=CAP_KILL CAP_SYS_TIME",
    "CapabilityBoundingSet=~CAP_KILL",
    "ConfigurationDirectory=x",
    "DynamicUser=yes",
    "Environment=A=1 B=2",
    "Environment=A=3 RUNTIME_DIRECTORY=/y",
    "EnvironmentFile=-/etc/default/x",
    "EnvironmentFile=/etc/x/*.conf",
    "ExecReload=/bin/kill -HUP $MAINPID",
    "ExecReload=/bin/x -t",
    "ExecStartPre=+/bin/before",
    "ExecStartPre=/bin/before",
    "ExecStop=/bin/kill -INT $MAINPID",
    "ExecStop=/bin/x stop",
    "Group=adm",
    "InaccessiblePaths=/srv/a",
    "KillMode=process",
    "KillSignal=SIGQUIT",
    "LimitCORE=0",
    "LimitNOFILE=7",
    "MemoryLimit=1G",
    "MemoryMax=2G",
    "Nice=5",
    "NoNewPrivileges=no",
    "NoNewPrivileges=yes",
    "PIDFile=x.pid",
    "PermissionsStartOnly=yes",
    "PrivateDevices=yes",
    "PrivateTmp=no",
    "PrivateTmp=yes",
    "ProtectClock=yes",
    "ProtectHome=tmpfs",
    "ProtectSystem=strict",
    "ReadOnlyPaths=/etc /srv",
    "ReadWritePaths=/etc/x",
    "RemainAfterExit=yes",
    "Restart=on-failure",
    "RuntimeDirectory=x y",
    "RuntimeDirectory=z",
    "RuntimeDirectoryMode=0700",
    "StandardError=file:/e",
    "StandardError=inherit",
    "StandardInput=tty",
    "StandardOutput=append:/o",
    "StandardOutput=tty",
    "StartLimitBurst=3",
    "StartLimitInterval=1min",
    "SupplementaryGroups=a b",
    "TTYPath=/dev/tty9",
    "TemporaryFileSystem=/srv",
    "TimeoutStopSec=5",
    "Type=forking",
    "Type=notify",
    "Type=oneshot",
    "UMask=77",
    "UnsetEnvironment=B HOME",
    "User=bob",
    "User=root",
    "WatchdogSec=5",
    "WorkingDirectory=~",
];

/// Lines of `[Unit]` and `[Install]`.
const OTHERS: [(&str, &str); 12] = [
    ("Unit", "Requires=a.service"),
    ("Unit", "Wants=a.service b.service"),
    ("Unit", "After=a.service"),
    ("Unit", "Before=b.service"),
    ("Unit", "Conflicts=c.service"),
    ("Unit", "PartOf=a.service"),
    ("Unit", "DefaultDependencies=no"),
    ("Unit", "ConditionPathExists=|/a"),
    ("Unit", "ConditionFileNotEmpty=|/b"),
    ("Unit", "AssertPathExists=/c"),
    ("Install", "WantedBy=multi-user.target"),
    ("Install", "Alias=y.service"),
];

fn key(line: &str) -> &str {
    line.split_once('=').unwrap().0
}

/// The same lines in another order; those of one key stay in theirs.
fn shuffled<'a>(random: &mut Random, lines: &[&'a str]) -> Vec<&'a str> {
    let mut slots = lines.to_vec();
    for index in (1..slots.len()).rev() {
        slots.swap(index, random.below(index + 1));
    }
    let nth = |index: usize| slots[..index].iter().filter(|one| key(one) == key(slots[index])).count();
    let line = |index: usize| lines.iter().filter(|one| key(one) == key(slots[index])).nth(nth(index)).unwrap();
    (0..slots.len()).map(|index| *line(index)).collect()
}

/// What was made of the lines: the unit's entries, and what is said of each directive and left to decide. The order of
/// entries, and of what a map or a list of names has, says nothing.
fn outcome(lines: &[&str]) -> (Import, BTreeSet<String>) {
    let section =
        |line: &str| OTHERS.iter().find(|(_, other)| *other == line).map_or("Service", |(section, _)| section);
    let lines: Vec<String> = lines.iter().map(|line| format!("[{}]\n{line}\n", section(line))).collect();
    let import = import_texts(Format::Systemd, &[(Path::new("/s/x.service"), lines.concat().as_bytes())]).remove(0);
    let mut entries: Vec<String> = Vec::new();
    for line in text(&import).lines() {
        match entries.last_mut() {
            Some(script) if line.starts_with(' ') => *script += line,
            _ => entries.push(line.into()),
        }
    }
    let in_order = |entry: String| match entry.split_once(": ").filter(|(_, value)| value.starts_with(['[', '{'])) {
        Some((key, value)) => {
            let items: BTreeSet<&str> = value.split(|c| "[]{}, ".contains(c)).collect();
            format!("{key}: {items:?}")
        }
        None => entry,
    };
    let told = import.directives.iter().map(|one| format!("{} {} {}", one.name, one.fate, one.reason));
    let decided = import.decisions.iter().map(|one| one.text.clone());
    let all = entries.into_iter().map(in_order).chain(told).chain(decided).collect();
    (import, all)
}

/// Lines in another order make the same unit, and the same is said of each.
#[test]
fn the_order_of_directives_says_nothing() {
    let mut random = Random(84);
    let all: Vec<&str> = LINES.into_iter().chain(OTHERS.map(|(_, line)| line)).collect();
    for _ in 0..600 {
        let some = 2 + random.below(9);
        let mut lines: Vec<&str> = (0..some).map(|_| *random.pick(&all)).collect();
        lines.push("ExecStart=/bin/x");
        let other = shuffled(&mut random, &lines);
        let ((one, expected), (two, got)) = (outcome(&lines), outcome(&other));
        let differences: Vec<&String> = expected.symmetric_difference(&got).collect();
        assert!(differences.is_empty(), "{lines:?}\n{other:?}\n{differences:#?}\n{}\n{}", text(&one), text(&two));
    }
}
