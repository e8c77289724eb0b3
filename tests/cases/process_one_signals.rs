//! What process 1 does when it gets a signal is what the preset of `sunup.yaml` says; `telinit` has it upgraded, and
//! bundles switched; and it reaps whatever falls to it.

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::support;

/// Prints what process 1 supervises, and what those processes are.
const PIDS: &str = "for service in /run/sunup/service/*; do echo \"$service $(od -An -tu4 -j12 -N4 $service/supervise/status)\"; \
                    done | grep -v engine";

/// This preset, and units that make the file of their name whenever they are started.
fn layer(preset: &str, units: &[&str]) -> Layer {
    let mut layer = Layer::new().file("/etc/sunup/sunup.yaml", &format!("signals: {preset}\n"));
    for unit in units {
        let text = format!("kind: oneshot\nstart: [touch, /{unit}]\n");
        layer = layer.file(&format!("/etc/sunup/units/{unit}.yaml"), &text);
    }
    layer
}

/// Sends process 1 a signal and waits until the unit's file is there, twice: a unit that is up is started anew.
fn starts(guest: &mut Namespace, signal: &str, unit: &str) {
    let once =
        format!("{signal}; until test -e /{unit} && sunup status {unit} >/dev/null; do sleep 0.1; done; rm /{unit}");
    guest.console.ok(&once, COMMAND);
    guest.console.ok(&once, COMMAND);
}

/// Makes a program of the running system write down what it is told instead.
const FAKE: &str = r##"fake() { cp -p $1 $1.kept; printf '#!/bin/sh\necho "%s" >>/told\n' "$2" >$1.new; chmod 755 $1.new; mv $1.new $1; }"##;
/// What every preset answers in a container.
const ALWAYS: [&str; 9] = [
    "INT reboot",
    "TERM poweroff",
    "RTMIN+3 halt",
    "RTMIN+4 poweroff",
    "RTMIN+5 reboot",
    "RTMIN+7 soft-reboot",
    "RTMIN+13 halt -f",
    "RTMIN+14 poweroff -f",
    "RTMIN+15 reboot -f",
];

/// Sends process 1 every signal there is but those of a fault, and sees who is run for it: stage 3, with the signal's name,
/// or `sunup`. A signal more is not answered.
fn answers_every_signal(guest: &mut Namespace, own: &[&str]) {
    let fakes = ": >/told; fake /run/sunup/bin/stage3 '${2##*SIG} $1'; fake /usr/lib/sunup/bin/sunup 'sunup $*'";
    guest.console.ok(&format!("{FAKE}; {fakes}"), COMMAND);
    let mut expected: Vec<&str> = ALWAYS.iter().chain(own).copied().collect();
    let count = expected.len();
    let send = "for signal in $(seq 1 64); do case $signal in [4-9]|11|19|31) ;; *) kill -$signal 1 ;; esac; done";
    let all = format!("until test $(wc -l </told) -ge {count}; do sleep 0.1; done");
    // What came in before is answered before.
    let last = "kill -37 1; until test $(grep -c 'RTMIN+3 ' /told) -eq 2; do sleep 0.1; done";
    let told = guest.console.ok(&format!("{send}; {all}; {last}; cat /told"), COMMAND);
    let mut told: Vec<&str> = told.lines().collect();
    expected.push("RTMIN+3 halt");
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, expected);
    let restore = "for name in /run/sunup/bin/stage3 /usr/lib/sunup/bin/sunup; do mv $name.kept $name; done; \
                   od -An -tu2 -j34 -N2 /run/sunup/scan/.svscan/status";
    assert_eq!(guest.console.ok(restore, COMMAND).trim(), "0", "process 1 has crashed");
}

/// Ours and busybox', where stage 3 answers everything.
#[test]
fn signals_of_sunup_and_busybox() {
    if !support::can_boot_namespaces() {
        return;
    }
    for (preset, own) in [
        ("sunup", &["USR1 poweroff", "USR2 halt", "PWR poweroff"][..]),
        ("busybox", &["USR1 halt", "USR2 poweroff", "QUIT soft-reboot", "PWR halt"]),
    ] {
        let files = layer(preset, &[]);
        let mut guest = Namespace::boot(&files);
        support::log_in(&mut guest.console, BOOT, COMMAND);
        answers_every_signal(&mut guest, own);
    }
}

/// systemd's: a unit for a failing power supply, the state of everything, a bundle. Beside it whatever the preset: an
/// upgrade, a runlevel, and ten thousand orphans.
#[test]
fn signals_of_systemd() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = layer("systemd", &["sigpwr", "level"]);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let own = [
        "sunup status",
        "sunup status sigpwr",
        "sunup restart sigpwr",
        "sunup switch default",
        "sunup switch rescue",
        "sunup switch rescue",
        "RTMIN+6 reboot",
    ];
    answers_every_signal(&mut guest, &own);
    starts(&mut guest, "kill -PWR 1", "sigpwr");
    guest.console.ok("kill -USR2 1; until grep -q 'sshd *up' /run/sunup/log/current; do sleep 0.1; done", COMMAND);
    reaps(&mut guest);
    is_upgraded(&mut guest);
    let level = "cp -a /etc/sunup/bundles/default /etc/sunup/bundles/4; \
                 ln -s /etc/sunup/units/level.yaml /etc/sunup/bundles/4/; telinit 4 >/dev/null; test -e /level";
    guest.console.ok(level, COMMAND);
    // RTMIN+1.
    guest.console.send("kill -35 1\n");
    guest.console.expect("password for maintenance", BOOT);
}

/// No zombie is left of ten thousand processes that lose their parent at once.
fn reaps(guest: &mut Namespace) {
    let orphans = "perl -e 'exit if fork; for (1..10000) { fork or exit } print \"forked\\n\"' | head -n 1; \
                   while grep -sq '^State:.Z' /proc/[0-9]*/status; do sleep 0.1; done";
    assert_eq!(guest.console.ok(orphans, BOOT), "forked\n");
}

/// Process 1 becomes the svscan that is installed now; no service notices.
fn is_upgraded(guest: &mut Namespace) {
    let before = guest.console.ok(PIDS, COMMAND);
    let upgrade = "inode=$(stat -c %i /run/sunup/bin/svscan); telinit u && \
                   until test \"$(od -An -tu2 -j34 -N2 /run/sunup/scan/.svscan/status)\" -eq 1; do sleep 0.1; done; \
                   readlink /proc/1/exe; test $inode != $(stat -L -c %i /proc/1/exe)";
    assert_eq!(guest.console.ok(upgrade, COMMAND), "/run/sunup/bin/svscan\n");
    assert_eq!(guest.console.ok(PIDS, COMMAND), before);
}

/// sysvinit's: what the power supply's daemon has written names the unit; without one a supply that fails is the end.
#[test]
fn signals_of_sysvinit() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = layer("sysvinit", &["powerokwait"]);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    answers_every_signal(&mut guest, &["sunup status powerfail", "sunup restart powerfail"]);
    starts(&mut guest, "printf O >/var/run/powerstatus; kill -PWR 1", "powerokwait");
    guest.console.send("printf F >/var/run/powerstatus; kill -PWR 1\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
}
