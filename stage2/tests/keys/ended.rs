//! A service that ends for good while nobody asks for anything: its supervise wakes the engine, which draws the conclusions.

use std::fs;

use serde_json::json;

use crate::subject::{boot, system};
use crate::system::until;

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
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), nix::sys::signal::Signal::SIGKILL).unwrap();
    until("the end of its supervise", || system.control("left", "").is_none());
    let (code, text) = status();
    assert!(code == Some(1) && text.contains("down") && text.contains("its supervise has ended"), "{code:?} {text}");
}
