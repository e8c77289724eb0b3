//! A service that ends for good while nobody asks for anything: its supervise wakes the engine, which draws the conclusions.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use supervisor::status::Status;
use supervisor::sys::descriptor::Descriptor;

use crate::subject::{boot, system};
use crate::system::{System, stop, until};

/// It has failed, or is down, and what needs it goes down with it.
#[test]
fn the_engine_hears_of_it() {
    let ends = |code: u8| {
        format!(
            "kind: longrun\nrun: |\n  until test -e ROOT/go; do sleep 0.02; done\n  exit {code}\nlog: none\nrestart: on-failure\n"
        )
    };
    let server = |needs: &str| format!("kind: longrun\nrun: [sleep, '1000']\nlog: none\nneeds: [{needs}]\n");
    let system = system(&[
        ("fails", format!("{}max-deaths: 1 in 1m\n", ends(3))),
        ("ends", ends(0)),
        ("of-fails", server("fails")),
        ("of-ends", server("ends")),
        ("alone", "kind: longrun\nrun: [sleep, '1000']\nlog: none\n".into()),
    ]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    until("the engine's end", || system.pid("engine") == 0);
    fs::write(system.path("go"), "").unwrap();
    let state = |unit: &str| system.state(unit)["state"].clone();
    until("the failure", || state("fails") == "failed" && state("of-fails") != "up");
    until("the end", || state("ends") == "down" && state("of-ends") != "up");
    assert_eq!(system.state("fails")["reason"], json!("exit 3"));
    until("the end of those who need them", || ["of-fails", "of-ends"].map(|unit| system.pid(unit)) == [0, 0]);
    assert_eq!(state("alone"), "up");
}

/// Left by its supervise, a service that has died is down, and does not start for ever.
#[test]
fn status_without_a_supervise() {
    let system = system(&[("left", "kind: longrun\nrun: [sleep, '1000']\nlog: none\n".into())]);
    boot(&system);
    let status = || {
        let mut sunup = std::process::Command::new(env!("CARGO_BIN_EXE_sunup"));
        let output = sunup.args(["status", "left"]).env("SUNUP_RUN", system.path("run")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(status().0, Some(0));
    // svscan must not start another.
    fs::remove_file(system.path("run/scan/left")).unwrap();
    let pid = system.pid("left");
    system.control("left", "x").unwrap();
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    until("the end of its supervise", || system.control("left", "").is_none());
    let (code, text) = status();
    assert!(code == Some(1) && text.contains("down") && text.contains("its supervise has ended"), "{code:?} {text}");
}

/// The letters that a stopped supervise has not read yet.
fn letters(mut control: &File) -> String {
    let mut letters = vec![0; Descriptor(control.as_raw_fd()).bytes_waiting().unwrap()];
    control.read_exact(&mut letters).unwrap();
    String::from_utf8(letters).unwrap()
}

/// Its record, once it has ended for good and everything of that is written down.
fn end(system: &System) -> Option<Status> {
    let status = Status::unpack(&fs::read(system.path("run/service/brief/supervise/status")).ok()?)?;
    (status.ended_for_good && status.pid == 0).then_some(status)
}

/// What an engine finds ended for good, because it was slow to look, it does not tell to run once more.
#[test]
fn what_has_ended_is_not_told_again() {
    let unit = "kind: longrun\nrun: 'echo $PPID >ROOT/out/supervise'\nlog: none\nrestart: on-failure\n";
    let system = system(&[("brief", unit.into())]);
    system.supervise_engine();
    assert_eq!(system.request("first", "start", &["brief"])["units"]["brief"], "down");
    until("its end", || end(&system).is_some());
    let supervise = Pid::from_raw(system.read("out/supervise").trim().parse().unwrap());
    stop(supervise);
    let before = end(&system);
    let control = system.path("run/service/brief/supervise/control");
    let control = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(control).unwrap();
    system.ask("again", "start", &["brief"]);
    until("a letter", || Descriptor(control.as_raw_fd()).bytes_waiting() != Ok(0));
    until("the engine's record", || system.pid("engine") != 0);
    let engine = Pid::from_raw(system.pid("engine").cast_signed());
    stop(engine);
    let stopped = Instant::now();
    // Once, however often the engine has told one that does not listen.
    assert!(letters(&control).trim_start_matches('u').is_empty());
    system.control("brief", "u").unwrap();
    kill(supervise, Signal::SIGCONT).unwrap();
    until("another end", || end(&system).is_some_and(|status| Some(status) != before));
    stop(supervise);
    // Whoever does not do as it is told within half a second is told again.
    until("the engine's patience to be over", || stopped.elapsed() > Duration::from_millis(600));
    kill(engine, Signal::SIGCONT).unwrap();
    assert_eq!(system.answer("again")["units"]["brief"], "down");
    assert_eq!(letters(&control), "");
    kill(supervise, Signal::SIGCONT).unwrap();
}
