//! The cases: a scenario goes in, the console's lines and the way process 1 ended come out.

use crate::ends::{forced, initramfs, name_of_the_root, refused_reboot, soft_reboot, stays_a_scanner};
use crate::play::{As, NOBODY, Typed, build_resident_programs, play, play_typing, possible, stage, unshare};
use crate::role::LINES;
use crate::skip;
use crate::world::MANY;
use nix::sys::stat::Mode;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// What poweroff and halt look like from outside.
pub const SIGINT: i32 = 2;
/// What reboot looks like from outside.
pub const SIGHUP: i32 = 1;
/// One case.
type Case = fn(As);

/// Runs all cases, or those whose name contains the argument. Speaks enough of libtest's language for cargo.
pub fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let cases: [(&str, Case); 30] = [
        ("clean", clean),
        ("coloured", coloured),
        ("reboot", reboot),
        ("without_handlers", without_handlers),
        ("ignores_term", ignores_term),
        ("stands_on_a_mount", stands_on_a_mount),
        ("storage_daemon", storage_daemon),
        ("killed_by_key", killed_by_key),
        ("shell_and_skip", shell_and_skip),
        ("killed_unit", killed_unit),
        ("units_that_did_not_stop", units_that_did_not_stop),
        ("full_run_directory", full_run_directory),
        ("stuck_logger", stuck_logger),
        ("returning_engine", returning_engine),
        ("full_console", full_console),
        ("no_console", no_console),
        ("held_mount", held_mount),
        ("names_that_are_no_text", names_that_are_no_text),
        ("stuck_supervise", stuck_supervise),
        ("silent_engine_is_hurried", silent_engine_is_hurried),
        ("silent_engine_has_a_deadline", silent_engine_has_a_deadline),
        ("refuses_strangers", refuses_strangers),
        ("loggers_drain", loggers_drain),
        ("forced", forced),
        ("refused_reboot", refused_reboot),
        ("name_of_the_root", name_of_the_root),
        ("soft_reboot", soft_reboot),
        ("initramfs", initramfs),
        ("stays_a_scanner", stays_a_scanner),
        ("scheduled", scheduled),
    ];
    build_resident_programs();
    let (mut passed, mut failed) = (0, 0);
    for (name, case) in cases.iter().filter(|(name, _)| name.contains(&wanted)) {
        for who in [As::Nobody, As::Root] {
            if possible(who) {
                println!("test {name} as {who:?} ...");
                if catch_unwind(|| case(who)).is_ok() {
                    passed += 1;
                } else {
                    println!("test {name} as {who:?} ... FAILED");
                    failed += 1;
                }
            } else {
                skip::skip(&format!("{name} as {who:?}: no namespaces here"));
            }
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored");
    ExitCode::from(u8::from(failed > 0))
}

/// Everything ends in time: the line says so, and the parent sees a power-off.
fn clean(who: As) {
    let outcome = play(who, "poweroff+engine+service+sleeper");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!(outcome.signal, Some(SIGINT));
    // On a busy machine somebody is waited for.
    let lines = outcome.console.lines().filter(|line| !line.starts_with("[wait]"));
    let texts: Vec<_> = lines.map(|line| line.split(" (").next().unwrap()).collect();
    let expected = [
        "[ ok ] stage3: units stopped in reverse order",
        "[ ok ] stage3: supervises of services ended",
        "[ ok ] stage3: other processes ended",
        "[ ok ] stage3: loggers drained and ended",
        "[ ok ] stage3: moved to the run directory",
        "[ ok ] stage3: swap is off",
        "[ ok ] stage3: filesystems unmounted",
        "[ ok ] stage3: disks are in step",
        "clean stop: 0 processes, 0 mounts left",
    ];
    assert_eq!(texts, expected);
}

/// Marks are coloured on a terminal; NO_COLOR, which every other case has, keeps them plain.
fn coloured(who: As) {
    let outcome = play(who, "poweroff+engine+coloured");
    let line = "[\x1b[32m ok \x1b[0m] stage3: disks are in step";
    assert!(outcome.console.contains(line), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// The parent sees a restart.
fn reboot(who: As) {
    let outcome = play(who, "reboot+engine");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!(outcome.signal, Some(SIGHUP));
}

/// A process 1 without handlers, as other scanners are: `reboot` starts stage 3 itself, which unmounts what process 1
/// has (a held mount shows that), not what its caller has.
fn without_handlers(who: As) {
    let outcome = play(who, "reboot+engine+held+front");
    let line = "unclean stop: 0 processes, 1 mount left: ";
    let held = "/mnt (held by 1 process-one reboot+engine+held+front: /mnt/held)";
    assert_eq!(outcome.last(), [line, held].concat());
    assert_eq!(outcome.signal, Some(SIGHUP));
}

/// A process that ignores TERM is killed, and named.
fn ignores_term(who: As) {
    let outcome = play(who, "poweroff+engine+deaf");
    let (before, after) = outcome.last().rsplit_once(": ").unwrap();
    assert_eq!(before, "unclean stop: 1 process, 0 mounts left");
    assert!(after.ends_with(" deaf (ended only by KILL)"), "{after}");
    assert_eq!(outcome.signal, Some(SIGINT));
}

/// Who does not end is named before he is killed, with what he does and the mount that he keeps busy.
fn stands_on_a_mount(who: As) {
    let outcome = play(who, "poweroff+engine+inside");
    let line = line_with(&outcome.console, "[wait] stage3: does not end when asked: pid ");
    let (_, seen) = line.split_once(", ").unwrap();
    assert!(seen.starts_with("deaf inside, state S") && seen.ends_with(", holds: /mnt"), "{seen}");
    assert!(outcome.last().starts_with("unclean stop: 1 process, 0 mounts left: "), "{}", outcome.last());
}

/// A process with `@` before its name, which neither ends when asked nor leaves its mount, is not asked: it ends once only
/// that mount is left, and nothing is unclean.
fn storage_daemon(who: As) {
    let outcome = play(who, "poweroff+engine+storage");
    assert!(!outcome.console.contains("does not end when asked"), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// The key kills whoever is waited for. Its service counts, since nobody knows what it did not finish.
fn killed_by_key(who: As) {
    let outcome = play_typing(who, "poweroff+engine+stuck", &[("keys: k kills them", "xk")]);
    let waited = line_with(&outcome.console, "[wait] stage3: waiting for web: pid ");
    assert!(waited.contains(", supervise service/web stuck, state S"), "{waited}");
    let killed = line_with(&outcome.console, "[wait] stage3: killed by key: pid ");
    assert!(killed.ends_with(", supervise service/web stuck"), "{killed}");
    assert!(!outcome.console.contains("still supervised"), "{}", outcome.console);
    assert_eq!(outcome.last(), "unclean stop: 1 process, 0 mounts left: web (unit, ended only by KILL)");
}

/// A shell that is asked for by a key has the console until it ends; then another key ends the wait.
fn shell_and_skip(who: As) {
    const KEYS: &str = "keys: k kills them, s waits no longer, ! opens a shell";
    const TYPED: Typed = &[(KEYS, "!"), ("the shell is here", "leave\n"), ("the shell has ended", "s")];
    let start = Instant::now();
    let outcome = play_typing(who, "poweroff+silent", TYPED);
    for line in [
        "[wait] stage3: waiting for the engine",
        "[wait] stage3: the shell has ended",
        "[skip] stage3: skipped by key",
        "[fail] stage3: units: the engine did not answer in time; going on without order",
    ] {
        line_with(&outcome.console, line);
    }
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert!(start.elapsed() < Duration::from_secs(60), "the key did not count");
}

/// The console's first line that begins so.
fn line_with<'a>(console: &'a str, beginning: &str) -> &'a str {
    let line = console.lines().find(|line| line.starts_with(beginning));
    line.unwrap_or_else(|| panic!("no {beginning:?} in {console}"))
}

/// A unit that its supervise had to kill is named and counts, as any other process does.
fn killed_unit(who: As) {
    let outcome = play(who, "poweroff+engine+killed");
    assert!(outcome.console.contains("[fail] stage3: services: ended only by KILL: web"), "{}", outcome.console);
    assert_eq!(outcome.last(), "unclean stop: 1 process, 0 mounts left: web (unit, ended only by KILL)");
    assert_eq!(outcome.signal, Some(SIGINT));
}

/// Units that the engine could not stop are named with their states.
fn units_that_did_not_stop(who: As) {
    let outcome = play(who, "poweroff+partial");
    let line = "[fail] stage3: units: some units did not stop as they should: web (failed), slow (stopping)";
    assert!(outcome.console.contains(line), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// A mount that process 1 holds is named, with the file.
fn held_mount(who: As) {
    let outcome = play(who, "halt+engine+held");
    let expected = "unclean stop: 0 processes, 1 mount left: /mnt (held by 1 process-one halt+engine+held: /mnt/held)";
    assert_eq!(outcome.last(), expected);
    assert_eq!(outcome.signal, Some(SIGINT));
}

/// Names that are no text hide neither a process nor a mount, and forge no line.
fn names_that_are_no_text(who: As) {
    let outcome = play(who, "poweroff+engine+nameless+odd");
    let last = outcome.last();
    // What the mount is mounted on is unmounted all the same.
    assert!(last.starts_with("unclean stop: 1 process, 1 mount left: "), "{last}");
    assert!(outcome.console.contains("[wait] stage3: detached while busy: /mnt/"), "{}", outcome.console);
    assert!(last.contains(" deaf nameless (ended only by KILL); /mnt/\u{fffd}?clean stop (held by 1 "), "{last}");
}

/// A run directory without room for anything keeps nobody from stopping.
fn full_run_directory(who: As) {
    let outcome = play(who, "poweroff+service+full");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    let failed: Vec<_> = outcome.console.lines().filter(|line| line.starts_with("[fail]")).collect();
    assert!(failed.len() == 1 && failed[0].contains("units: unable to write"), "{}", outcome.console);
    assert_eq!(outcome.signal, Some(SIGINT));
}

/// A console that takes nothing, and that nobody reads before the end, holds nothing up.
fn full_console(who: As) {
    let outcome = play(who, "poweroff+engine+mute");
    assert_eq!(outcome.signal, Some(SIGINT));
    assert!(!outcome.console.contains("clean stop"), "the console was not full");
}

/// Without a console the system stops all the same.
fn no_console(who: As) {
    let outcome = play(who, "poweroff+engine+dark");
    assert_eq!((outcome.console.as_str(), outcome.signal), ("", Some(SIGINT)));
}

/// A supervise that does not obey is waited for, named, and ended with the other processes.
fn stuck_supervise(who: As) {
    let outcome = play(who, "poweroff+engine+stuck");
    let line = "[fail] stage3: services: still supervised: web";
    assert!(outcome.console.contains(line), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// A logger that does not end is killed last, and named.
fn stuck_logger(who: As) {
    let outcome = play(who, "poweroff+engine+stucklog+hurry");
    assert!(outcome.console.contains("[fail] stage3: loggers: still supervised: web/log"), "{}", outcome.console);
    let (before, after) = outcome.last().split_once(": ").unwrap();
    assert_eq!(before, "unclean stop");
    assert!(after.starts_with("1 process, 0 mounts left: "), "{after}");
    assert!(after.ends_with(" supervise service/web/log stuck (ended only by KILL)"), "{after}");
}

/// An engine whose supervise has just died is waited for until the scanner has brought it back.
fn returning_engine(who: As) {
    let outcome = play(who, "poweroff+late");
    assert!(!outcome.console.contains("[fail]"), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// An engine that does not answer is not waited for any more once a second stage 3 was started.
fn silent_engine_is_hurried(who: As) {
    let outcome = play(who, "poweroff+silent+hurry");
    let line = "[fail] stage3: units: the engine did not answer in time; going on without order";
    assert!(outcome.console.contains(line), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
}

/// Nor is it beyond the deadline that the engine has written down: 90 s are too long for this test.
fn silent_engine_has_a_deadline(who: As) {
    let start = std::time::Instant::now();
    let outcome = play(who, "poweroff+silent+short");
    let line = "[fail] stage3: units: the engine did not answer in time; going on without order";
    assert!(outcome.console.contains(line), "{}", outcome.console);
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "the deadline did not count");
}

/// Where another init runs nothing happens, under whatever name and with whatever options. Asked by somebody for whom a
/// failing guard would be harmless: a user without capabilities, or root with a process 1 of its own.
fn refuses_strangers(who: As) {
    let (directory, _, program) = stage();
    let empty = directory.path().join("root");
    let fake = directory.path().join("fake");
    fs::create_dir_all(fake.join("scan/.svscan")).unwrap();
    nix::unistd::mkfifo(&fake.join("scan/.svscan/control"), Mode::from_bits_truncate(0o666)).unwrap();
    fs::set_permissions(&fake, Permissions::from_mode(0o755)).unwrap();
    let absent = format!("no sunup system is running here: no scanner in '{}'", empty.display());
    let foreign = match who {
        As::Root => "no sunup system is running here: process 1 is not our scanner",
        As::Nobody => "only root may do this",
    };
    for (name, options) in [
        ("poweroff", "-f"),
        ("poweroff", ""),
        ("halt", "-f -n"),
        ("reboot", ""),
        ("shutdown", "-h now"),
        ("stage3", "poweroff"),
        ("stage3", "reboot -f"),
    ] {
        for (run, reason) in [(&empty, absent.as_str()), (&fake, foreign)] {
            let script = format!("exec -a {name} {} {options}; exit 1", program.display());
            let output = harmless(who).args(["bash", "-c", &script]).env("SUNUP_RUN", run).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(text.starts_with(&format!("{name}: error: unable to ")), "{name} {options}: {text}");
            assert!(text.ends_with(&format!(": {reason}\n")), "{name} {options}: {text}");
            assert_eq!(output.status.code(), Some(111), "{name} {options}");
        }
    }
}

/// Where a failing guard does no harm.
fn harmless(who: As) -> Command {
    match who {
        As::Root => {
            // `bash -c` below is a child of this process 1, so that the chain of parents is not what refuses.
            let mut command = unshare(who);
            command.args(["bash", "-c", "mount -t proc proc /proc && \"$@\" & wait $!; exit $?", "process-one"]);
            command
        }
        As::Nobody if nix::unistd::geteuid().is_root() => {
            let mut command = Command::new("setpriv");
            command.args(["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]).args(NOBODY);
            command
        }
        As::Nobody => {
            let mut command = Command::new("env");
            command.arg("--");
            command
        }
    }
}

/// With the real svscan, supervise and svlog: nothing that a service wrote while it was stopped is missing, no supervise
/// came back, and nothing is left.
fn loggers_drain(who: As) {
    let outcome = play(who, "real");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!(outcome.signal, Some(SIGINT));
    let expected: String = (1..=LINES).map(|number| format!("line {number}\n")).collect();
    let [web, everyone] = outcome.logs;
    assert!(web == expected, "{} bytes of {}: {everyone}", web.len(), expected.len());
    let mut said: Vec<_> = everyone.lines().collect();
    said.sort_unstable();
    assert_eq!(said, ["the operator's command ended with exit status: 0", "the writer is done"]);
    assert!(!outcome.console.contains("[fail]"), "{}", outcome.console);
    // Each once: web, its logger, the engine, the operator, the catch-all, and the many with their loggers.
    assert_eq!(outcome.supervises, [5 + 2 * MANY, 0], "the stop brought supervises back");
    assert!(outcome.many.iter().all(|log| log == "started\nstopped\n"), "{:?}", outcome.many);
}

/// A stop that is scheduled outlives who asked for it, is replaced and called off, waits for inhibitors, and happens. What
/// is wrong on the way is said by process 1's exit.
fn scheduled(who: As) {
    let outcome = play(who, "reboot+engine+scheduled");
    assert_eq!(outcome.last(), "clean stop: 0 processes, 0 mounts left");
    assert_eq!(outcome.signal, Some(SIGHUP));
}
