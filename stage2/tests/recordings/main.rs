//! What somebody sees on a terminal, at 80 and 200 columns: the boot with its display, and what the verbs say.

mod completion;
#[path = "../../../tests/src/skip.rs"]
mod skip;
#[path = "../system/mod.rs"]
mod system;
mod terminal;

use std::fs;

use system::System;
use terminal::Terminal;

/// Two units that take long, one that waits for the first, one that is up at once, and a rescue bundle.
fn slow_system() -> System {
    let system = System::new(&[
        ("clock", "description: Time of day\nkind: oneshot\nstart: [true]\n"),
        (
            "disk",
            "description: Check of the disks\nkind: oneshot\nafter: [clock]\nstart: 'echo 12 % done; exec sleep 1000'\n",
        ),
        ("link", "description: Network\nkind: oneshot\nafter: [clock]\nstart-timeout: none\nstart: [sleep, '1000']\n"),
        ("web", "description: Web server\nkind: oneshot\nneeds: [disk]\nstart: [true]\n"),
        ("shell", "description: Shell of last resort\nkind: longrun\nrun: [sleep, '1000']\nlog: none\n"),
    ]);
    fs::remove_file(system.path("bundles/default/shell")).unwrap();
    system.add_member("rescue", "shell");
    system
}

const CLOCK: &str = "[ ok ] clock: Time of day (T)";

/// The display is below the lines, shows what is awaited, and obeys its keys; the terminal is as it was afterwards, and
/// every line is whole.
fn boot_with_display(columns: u16, brief: &str) {
    let system = slow_system();
    let mut terminal = Terminal::new(24, columns);
    system.supervise_engine_on("none", &terminal.path(), "TERM=linux");
    assert!(terminal.is_cooked());
    system.ask("boot", "boot", &["default"]);
    terminal.expect(&[CLOCK, brief]);
    assert!(!terminal.is_cooked());
    terminal.press("\x1b");
    let details = [
        CLOCK,
        "[....] disk: Check of the disks (T of T, pid N)",
        "       | 12 % done",
        "[....] link: Network (T, pid N)",
        "       and 1 waiting for others",
        "       (Esc less, s give disk up, r rescue)",
    ];
    terminal.expect(&details);
    terminal.press("s");
    let given_up =
        ["[fail] disk: given up at the console (T)", "       | 12 % done", "[fail] web: needs disk, which failed"];
    let rest = ["[....] link: Network (T, pid N)", "       (Esc less, s give link up, r rescue)"];
    terminal.expect(&[&[CLOCK], &given_up[..], &rest[..]].concat());
    terminal.press("r");
    let rescue = [
        "stage2: error: rescue was asked for at the console: starting rescue instead",
        "[ ok ] link: stopped (T)",
        "[ ok ] shell: Shell of last resort (T)",
    ];
    let lines = [&[CLOCK], &given_up[..], &rescue[..]].concat();
    terminal.expect(&lines);
    assert_eq!(system.answer("boot")["error"], "rescue was asked for at the console");
    assert!(terminal.is_cooked());
    assert_eq!(system.lines("run/boot.log").len(), lines.len());
}

/// On a usual terminal.
#[test]
fn boot_with_display_at_80_columns() {
    boot_with_display(80, "[....] disk T of T, link T  (Esc details, s skip, r rescue)");
}

/// On a wide one.
#[test]
fn boot_with_display_at_200_columns() {
    boot_with_display(200, "[....] disk T of T, link T  (Esc details, s skip, r rescue)");
}

/// From the start of the first getty on, the terminal is the getty's, whatever is still waited for.
#[test]
fn a_getty_ends_the_display() {
    let system = System::new(&[
        ("gate", "description: Gate\nkind: oneshot\nstart: 'until test -e ROOT/gate; do sleep 0.02; done'\n"),
        ("slow", "description: Slow\nkind: oneshot\nstart: 'until test -e ROOT/slow; do sleep 0.02; done'\n"),
        ("getty-tty9", "description: Login\nkind: longrun\nafter: [gate]\nrun: [sleep, '1000']\nlog: none\n"),
    ]);
    let terminal = Terminal::new(24, 80);
    system.supervise_engine_on("none", &terminal.path(), "TERM=linux");
    system.ask("boot", "boot", &["default"]);
    terminal.expect(&["[....] gate T of T, slow T of T  (Esc details, s skip, r rescue)"]);
    fs::write(system.path("gate"), "").unwrap();
    terminal.expect(&["[ ok ] gate: Gate (T)", "[ ok ] getty-tty9: Login (T)"]);
    assert!(terminal.is_cooked());
    fs::write(system.path("slow"), "").unwrap();
    terminal.expect(&["[ ok ] gate: Gate (T)", "[ ok ] getty-tty9: Login (T)", "[ ok ] slow: Slow (T)"]);
    assert_eq!(system.answer("boot")["exit"], 0);
}

/// Where a display cannot be, there are lines and nothing else: on a terminal that can do nothing, on one of unknown size,
/// and where sunup.yaml wants none.
#[test]
fn lines_only() {
    let cases = [("TERM=dumb", 24, ""), ("NO_COLOR=1", 0, ""), ("NO_COLOR=1", 24, "console: {live: false}\n")];
    let systems = cases.map(|(environment, rows, settings)| {
        let unit = "description: Slow\nkind: oneshot\nstart: [sleep, '1.5']\n";
        let system = System::new(&[("slow", unit)]);
        fs::write(system.path("sunup.yaml"), settings).unwrap();
        let terminal = Terminal::new(rows, if rows == 0 { 0 } else { 80 });
        system.supervise_engine_on("none", &terminal.path(), environment);
        system.ask("boot", "boot", &["default"]);
        (system, terminal)
    });
    for (system, terminal) in systems {
        assert_eq!(system.answer("boot")["exit"], 0);
        terminal.expect(&["[ ok ] slow: Slow (T)"]);
        assert!(!terminal.written().contains('\x1b') && terminal.is_cooked(), "{:?}", terminal.written());
    }
}

const WHY: [&str; 7] = [
    "shop failed T ago: needs web, which failed",
    "  ROOT/units/shop.yaml:3:9: shop needs web",
    "  because web failed T ago: needs db, which failed",
    "    ROOT/units/web.yaml:3:9: web needs db",
    "    because db failed T ago: exit 3",
    "           | the disk is full",
    "nothing needs it",
];

/// What `status` and `why` say of a boot of which a part has failed. What is longer than the terminal is wide is not cut off.
fn verbs(columns: u16, skipped: &[&str]) {
    let system = System::new(&[
        ("db", "description: Database\nkind: oneshot\nstart: 'echo the disk is full; exit 3'\n"),
        ("cache", "description: Cache\nkind: longrun\nrun: [sleep, '1000']\nlog: none\n"),
        ("web", "description: Web server\nkind: oneshot\nneeds: [db, cache]\nstart: [true]\n"),
        ("shop", "description: Shop\nkind: oneshot\nneeds: [web]\nstart: [true]\n"),
        (
            "kvm",
            "kind: oneshot\nif: {path: /no/such/device/behind/a/path/that/is/longer/than/the/line}\nstart: [true]\n",
        ),
    ]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 1);
    let before = ["cache  up        pid N T", "db     failed T  exit 3"];
    let after = ["shop   failed T  needs web, which failed", "web    failed T  needs db, which failed"];
    let status = [&before, skipped, &after[..]].concat();
    for (words, expected) in [(&["status"][..], &status[..]), (&["why", "shop"], &WHY)] {
        let terminal = Terminal::new(24, columns);
        let mut command = system.sunup(words);
        command.stdout(terminal.device()).stderr(terminal.device()).status().unwrap();
        drop(command);
        let root = system.root.display().to_string();
        let expected: Vec<String> = expected.iter().map(|line| line.replace("ROOT", &root)).collect();
        terminal.expect(&expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// What each verb shows, on a usual terminal.
#[test]
fn verbs_at_80_columns() {
    verbs(80, &["kvm    skipped T  /no/such/device/behind/a/path/that/is/lon", "ger/than/the/line is absent"]);
}

/// The same on a wide one.
#[test]
fn verbs_at_200_columns() {
    verbs(200, &["kvm    skipped T  /no/such/device/behind/a/path/that/is/longer/than/the/line is absent"]);
}

/// A verb shows below its lines what is on its way, and leaves nothing of that behind.
fn verb_with_display(columns: u16) {
    let system = System::new(&[
        ("slow", "description: Slow\nkind: oneshot\nstart: 'until test -e ROOT/slow; do sleep 0.02; done'\n"),
        ("next", "description: Next\nkind: oneshot\nneeds: [slow]\nstart: [true]\n"),
    ]);
    system.supervise_engine();
    let terminal = Terminal::new(24, columns);
    let mut command = system.sunup(&["start", "next"]);
    let mut verb = command.env("TERM", "linux").stdout(terminal.device()).stderr(terminal.device()).spawn().unwrap();
    drop(command);
    terminal.expect(&["[....] slow T"]);
    assert!(terminal.is_cooked());
    fs::write(system.path("slow"), "").unwrap();
    terminal.expect(&["[ ok ] slow: Slow (T)", "[ ok ] next: Next (T)"]);
    assert!(verb.wait().unwrap().success());
}

/// On a usual terminal.
#[test]
fn verb_with_display_at_80_columns() {
    verb_with_display(80);
}

/// On a wide one.
#[test]
fn verb_with_display_at_200_columns() {
    verb_with_display(200);
}
