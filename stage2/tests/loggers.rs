//! What becomes of a unit's logger when the unit says something else about its log.

mod system;

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor::sys::time::monotonic;
use system::{System, until};

/// A service that says a word whenever it starts.
fn says(word: &str, log: &str) -> String {
    format!("kind: longrun\nrun: 'echo {word}; exec sleep 1000'\nlog: {log}\n")
}

/// A restart has the logger log as the unit says now. Whether there is one is the scanner's affair as long as it has the
/// service: that is told, and no line gets lost.
#[test]
fn changes() {
    let system = System::new(&[("a", &says("one", "{size: 64K}")), ("b", &says("one", "none"))]);
    system.supervise_engine();
    assert_eq!(system.operate(&["start", "a", "b"]).0, Some(0));
    until("a log", || system.read("log/a/current").contains("one"));
    let elsewhere = format!("{{dir: {}, size: 64K}}", system.path("elsewhere").display());
    for (unit, word, log, place, is_told) in [
        ("a", "two", elsewhere.as_str(), "elsewhere/current", false),
        ("a", "three", "none", "elsewhere/current", true),
        ("a", "four", "{size: 64K}", "log/a/current", false),
        ("b", "five", "{size: 64K}", "scanner.log", true),
    ] {
        let told =
            || system.read("run/boot.log").matches(&format!("stage2 {unit}: warning: what \"log\" says")).count();
        let before = told();
        system.add_unit(unit, &says(word, log));
        assert_eq!(system.operate(&["restart", unit]).0, Some(0), "{log}");
        until(&format!("{word} in {place}"), || system.read(place).contains(word));
        assert_eq!(told() > before, is_told, "{log}");
    }
}

/// A service begins to speak when its former logger is gone, however long that takes: what it says is in the new log.
#[test]
fn a_slow_change() {
    let system = System::new(&[("a", &says("one", "{size: 64K}"))]);
    system.supervise_engine();
    assert_eq!(system.operate(&["start", "a"]).0, Some(0));
    until("a log", || system.read("log/a/current").contains("one"));
    system.add_unit("a", &says("two", "{dir: ROOT/elsewhere}"));
    let logger = Pid::from_raw(system.pid("a/log").cast_signed());
    kill(logger, Signal::SIGSTOP).unwrap();
    let mut restart = system.sunup(&["restart", "a"]).stdout(Stdio::null()).spawn().unwrap();
    until("the new logger", || system.read("run/service/a/log/run").contains("elsewhere"));
    // A service that did not wait would have begun long before.
    std::thread::sleep(Duration::from_millis(200));
    let end = monotonic();
    kill(logger, Signal::SIGCONT).unwrap();
    assert!(restart.wait().unwrap().success());
    let begins: Vec<u64> = system.events("a").into_iter().filter(|(_, e)| e == "exec").map(|(at, _)| at).collect();
    assert!(begins.len() == 2 && begins[1] > end, "{begins:?}, {end}");
    until("two elsewhere", || system.read("elsewhere/current").contains("two"));
}

/// A disk that takes nothing costs lines, which are counted, and not the service; only one that says so waits for it.
#[test]
fn a_disk_that_takes_nothing() {
    for (when_full, said) in [("drop", "(dropping lines until it works)"), ("wait", "(waiting until it works)")] {
        let log = format!("{{dir: ROOT/disk/log, when-full: {when_full}}}");
        let run = "seq 20000; touch ROOT/through; exec sleep 1000";
        let system = System::new(&[("a", &format!("kind: longrun\nrun: '{run}'\nlog: {log}\n"))]);
        system.supervise_engine();
        // Nothing can be made below a file.
        std::fs::write(system.path("disk"), "").unwrap();
        assert_eq!(system.operate(&["start", "a"]).0, Some(0));
        until(said, || system.read("scanner.log").contains(said));
        let is_through = || system.path("through").exists();
        if when_full == "drop" {
            until("the service to go on", is_through);
        }
        // The logger makes the directory.
        std::fs::remove_file(system.path("disk")).unwrap();
        let content = || system.read("disk/log/current");
        match when_full {
            "drop" => until("a number", || content().ends_with(" lines were lost\n")),
            _ => until("every line", || content().lines().count() == 20_000 && is_through()),
        }
    }
}
