//! One-shots that the keeper has got before their turn: what comes in between decides whether they run.

mod system;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use system::{System, until, without_times};

/// Runs until the file of this name exists; then ends with this exit code.
fn gate(name: &str, code: u32) -> String {
    format!("kind: oneshot\nstart: |\n  until test -e ROOT/{name}; do sleep 0.02; done\n  exit {code}\n")
}

/// Says that it has run, each time.
fn witness(name: &str, edges: &str) -> String {
    format!("kind: oneshot\n{edges}\nstart: 'echo >>ROOT/{name}.ran'\n")
}

/// The keeper that the notes name.
fn keeper(system: &System) -> Pid {
    let note = fs::read_link(system.path("run/engine/keeper")).unwrap();
    Pid::from_raw(note.to_str().unwrap().split(' ').next().unwrap().parse().unwrap())
}

/// The engine has heard that a command runs, whatever has become of it since.
fn has_begun(system: &System, name: &str) -> bool {
    system.read("run/timeline.jsonl").contains(&format!(r#""unit":"{name}","event":"exec""#))
}

fn runs(system: &System, name: &str) -> usize {
    system.lines(&format!("{name}.ran")).len()
}

/// A service that ends for good while a one-shot waits for another thing only: it does not run, however that ends. What
/// needs no service runs once, and so does what follows it.
#[test]
fn what_is_needed_is_gone_meanwhile() {
    let system = System::new(&[
        ("server", "kind: longrun\nrun: |\n  until test -e ROOT/end; do sleep 0.02; done\nlog: none\nrestart: never\n"),
        ("gate", &gate("open", 0)),
        ("behind", &witness("behind", "needs: [server, gate]")),
        ("last", &witness("last", "needs: [behind]")),
        ("other", &witness("other", "needs: [gate]")),
        ("next", &witness("next", "needs: [other]")),
    ]);
    let mut engine = system.engine().arg("default").stdout(Stdio::null()).spawn().unwrap();
    until("the gate and the server", || system.state("gate")["state"] == "starting" && system.pid("server") != 0);
    until("the server", || system.state("server")["state"] == "up");
    fs::write(system.path("end"), "").unwrap();
    until("the end of the server to tell", || system.state("last")["state"] == "failed");
    fs::write(system.path("open"), "").unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(1));
    assert_eq!(["behind", "last", "other", "next"].map(|name| runs(&system, name)), [0, 0, 1, 1]);
    assert_eq!(system.state("behind")["reason"], "needs server, which is down");
    assert_eq!(system.state("next")["state"], "up");
}

/// What has not ended well holds up only what needs it; what was only to come later runs once, and what follows that.
#[test]
fn what_was_before_has_failed() {
    let system = System::new(&[
        ("gate", &gate("open", 3)),
        ("needs", &witness("needs", "needs: [gate]")),
        ("later", &witness("later", "after: [gate]")),
        ("next", &witness("next", "needs: [later]")),
    ]);
    fs::write(system.path("open"), "").unwrap();
    assert_eq!(system.stage2("default").status.code(), Some(1));
    assert_eq!(["needs", "later", "next"].map(|name| runs(&system, name)), [0, 1, 1]);
}

/// A deadline that has passed is no good end either.
#[test]
fn what_was_before_is_late() {
    let late = format!("{}start-timeout: 100ms\n", gate("never", 0));
    let system = System::new(&[("gate", &late), ("needs", &witness("needs", "needs: [gate]"))]);
    let output = system.stage2("default");
    let expected = ["[fail] gate: not ready after 100 ms (N ms)", "[fail] needs: needs gate, which failed"];
    assert_eq!(without_times(&String::from_utf8_lossy(&output.stdout)), expected);
    assert_eq!(runs(&system, "needs"), 0);
}

/// What the keeper has begun itself does not run again when that kills it, nor does what has ended before.
#[test]
fn the_keeper_is_killed_by_what_it_has_begun() {
    let killer = "kind: oneshot\nafter: [first]\nstart: 'echo >>ROOT/killer.ran; kill -9 $PPID; sleep 1000'\n";
    let system = System::new(&[
        ("gate", &gate("open", 0)),
        ("first", &witness("first", "needs: [gate]")),
        ("killer", killer),
        ("later", &witness("later", "after: [killer]")),
    ]);
    fs::write(system.path("open"), "").unwrap();
    assert_eq!(system.stage2("default").status.code(), Some(1));
    assert_eq!(["first", "killer", "later"].map(|name| runs(&system, name)), [1, 1, 1]);
    assert_eq!(system.state("killer")["reason"], "its keeper was killed");
    assert_eq!(["first", "later"].map(|name| system.state(name)["state"].clone()), ["up", "up"]);
}

/// With the keeper goes what it holds; another one runs what may still run, once.
#[test]
fn the_keeper_is_killed() {
    let system = System::new(&[
        ("gate", &gate("never", 0)),
        ("needs", &witness("needs", "needs: [gate]")),
        ("later", &witness("later", "after: [gate]")),
        ("next", &witness("next", "needs: [later]")),
    ]);
    let mut engine = system.engine().arg("default").stdout(Stdio::null()).spawn().unwrap();
    until("the gate", || has_begun(&system, "gate"));
    kill(keeper(&system), Signal::SIGKILL).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(1));
    assert_eq!(["needs", "later", "next"].map(|name| runs(&system, name)), [0, 1, 1]);
    assert_eq!(system.state("gate")["reason"], "its keeper was killed");
}

/// An end that could not be noted is told before anything begins after it: killed in between, the keeper would have begun
/// what the engine knows nothing of. What comes after it runs all the same, once.
#[test]
fn an_end_that_cannot_be_noted() {
    let gate =
        "kind: oneshot\nstart: |\n  until test -e ROOT/open; do sleep 0.02; done\n  mkdir ROOT/run/engine/ended/gate\n";
    let system = System::new(&[
        ("gate", gate),
        ("behind", &witness("behind", "needs: [gate]")),
        ("last", &witness("last", "needs: [behind]")),
    ]);
    let output = fs::File::create(system.path("output")).unwrap();
    let (console, errors) = (output.try_clone().unwrap(), output);
    let mut engine = system.engine().arg("default").stdout(console).stderr(errors).spawn().unwrap();
    until("the gate", || system.state("gate")["state"] == "starting");
    let engine_pid = Pid::from_raw(engine.id().cast_signed());
    kill(engine_pid, Signal::SIGSTOP).unwrap();
    fs::write(system.path("open"), "").unwrap();
    until("the warning", || system.read("output").contains("gate: warning: unable to note its end: "));
    let has_begun = system.path("run/engine/began/behind").symlink_metadata().is_ok();
    kill(engine_pid, Signal::SIGCONT).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(0));
    assert!(!has_begun);
    assert_eq!(["behind", "last"].map(|name| runs(&system, name)), [1, 1]);
}

/// A keeper that says nothing is not killed while a command runs to which no deadline may put an end.
#[test]
fn a_silent_keeper_with_an_endless_command() {
    let endless = format!("{}start-timeout: none\n", gate("open", 0));
    let late = format!("{}start-timeout: 300ms\n", gate("never", 0));
    let system =
        System::new(&[("endless", &endless), ("behind", &witness("behind", "needs: [endless]")), ("late", &late)]);
    let mut engine = system.engine().arg("default").stdout(Stdio::null()).spawn().unwrap();
    until("the commands", || ["endless", "late"].iter().all(|name| has_begun(&system, name)));
    let keeper = keeper(&system);
    kill(keeper, Signal::SIGSTOP).unwrap();
    // Nothing tells that the engine's patience, 10 s, is over: what it did then must not have happened.
    std::thread::sleep(Duration::from_secs(11));
    kill(keeper, Signal::SIGCONT).unwrap();
    fs::write(system.path("open"), "").unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(1));
    assert_eq!(system.state("endless")["state"], "up");
    assert_eq!(system.state("late")["reason"], "not ready after 300 ms");
    assert_eq!(runs(&system, "behind"), 1);
}
