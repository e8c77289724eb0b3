//! What must cost at most one unit: files that vanish, a full disk, garbage, processes that stay.

mod system;

use std::fs;
use std::os::unix::fs::OpenOptionsExt;

use serde_json::json;
use system::{System, until, without_times};

const SERVER: &str = "kind: longrun\nrun: [sleep, '1000']\nlog: none\n";

/// A unit that is up can be stopped when its file is gone or broken: by its name, and with everything else.
#[test]
fn stops_what_has_lost_its_file() {
    let setup = "kind: oneshot\nstart: [/bin/true]\n";
    let system = System::new(&[("gone", SERVER), ("broken", SERVER), ("last", SERVER), ("setup", setup)]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    for unit in ["gone", "last", "setup"] {
        fs::remove_file(system.path(&format!("units/{unit}.yaml"))).unwrap();
    }
    fs::remove_file(system.path("bundles/default/gone")).unwrap();
    fs::write(system.path("units/broken.yaml"), "kind: longrun\nrun: [a\n").unwrap();
    assert!([system.pid("gone"), system.pid("broken"), system.pid("last")].iter().all(|pid| *pid != 0));
    let answer = system.request("00000000000000000001-1", "stop", &["gone", "broken", "setup"]);
    let down = json!({"gone": "down", "broken": "down", "setup": "down"});
    assert_eq!((&answer["exit"], &answer["units"]), (&json!(0), &down));
    assert_eq!((system.pid("gone"), system.pid("broken")), (0, 0));
    assert_eq!(system.state("gone")["kind"], "longrun");
    let answer = system.request("00000000000000000002-1", "stop", &["gone"]);
    assert_eq!((&answer["exit"], &answer["error"]), (&json!(100), &json!("no unit or bundle is named 'gone'")));
    assert_eq!(system.request("stop", "stop-all", &[])["exit"], 0);
    assert_eq!((system.pid("last"), system.state("last")["state"].as_str()), (0, Some("down")));
}

/// A process that a one-shot leaves behind with its output open holds up nobody, and is told to end with the stop; then
/// its keeper ends too. (The control group is a directory that the test keeps.)
#[test]
fn what_stays_behind_ends_with_the_stop() {
    let system = System::new(&[("leaves", "kind: oneshot\nstart: 'sleep 1000 & echo $! $PPID >ROOT/left'\n")]);
    let groups = system.path("groups");
    fs::create_dir(&groups).unwrap();
    fs::write(groups.join("cgroup.procs"), "").unwrap();
    system.supervise_engine_with(groups.to_str().unwrap());
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    until("the engine's end", || system.pid("engine") == 0);
    let processes = system.read("left").trim().split(' ').map(|pid| format!("/proc/{pid}")).collect::<Vec<_>>();
    assert!(processes.iter().all(|path| fs::exists(path).unwrap()));
    fs::create_dir_all(groups.join("leaves")).unwrap();
    fs::write(groups.join("leaves/cgroup.procs"), system.read("left").replace(' ', "\n")).unwrap();
    assert_eq!(system.request("00000000000000000001-1", "stop", &["leaves"])["exit"], 0);
    until("the end of what stayed", || processes.iter().all(|path| !fs::exists(path).unwrap()));
}

/// Garbage among the requests is refused or left alone, and the request behind it is served.
#[test]
fn garbage_holds_up_nobody() {
    let system = System::new(&[("a", "kind: milestone\n")]);
    let requests = system.path("run/requests");
    nix::unistd::mkfifo(&requests.join("0"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(requests.join("00-directory")).unwrap();
    fs::write(requests.join("9".repeat(252)), "x").unwrap();
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o000).open(requests.join("1")).unwrap();
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    assert_eq!(system.answer("0")["exit"], 100);
    until("the engine's end", || system.pid("engine") == 0);
}

/// More one-shots at once than an ordinary limit of open files allows; none of them sees that it was raised.
#[test]
fn many_at_once() {
    let mut units: Vec<(String, String)> = Vec::new();
    for number in 0..60 {
        let text = "kind: oneshot\nstart: 'echo >>ROOT/here; until test -e ROOT/go; do sleep 0.05; done'\n";
        units.push((format!("u{number}"), text.into()));
    }
    let all_here = "kind: oneshot\nstart: |\n  ulimit -Sn >ROOT/limit\n  \
        until test `wc -l <ROOT/here` = 60; do sleep 0.05; done\n  touch ROOT/go\n";
    units.push(("go".into(), all_here.into()));
    let units: Vec<(&str, &str)> = units.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let system = System::new(&units);
    let output = system.stage2_after("ulimit -Sn 40", "default");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(system.read("limit"), "40\n");
}

/// On a run directory that is full everything comes up that needs no file there, and nothing runs a second time
/// because its state could not be written.
#[test]
fn a_full_run_directory_stops_nothing() {
    let append = |name: &str| format!("kind: oneshot\nstart: [/bin/sh, -c, 'echo {name} >>ROOT/ran']\n");
    let fails = "kind: oneshot\nwants: [first]\nstart: [/bin/sh, -c, 'echo fails >>ROOT/ran; seq 1000; exit 3']\n";
    let last = format!("{}needs: [first]\nwants: [fails]\n", append("last"));
    let system = System::new(&[("first", &append("first")), ("fails", fails), ("last", &last)]);
    let root = system.root.display();
    let full = format!(
        "mount -t tmpfs -o size=64k none {root}/run && mkdir {root}/run/scan && ! cat /dev/zero >{root}/run/full 2>{root}/zero"
    );
    let first = system.stage2_after(&full, "default");
    let lines = without_times(&String::from_utf8_lossy(&first.stdout)).join("\n");
    assert!(system.read("zero").contains("No space left"), "{lines}");
    for expected in ["[ ok ] first: first", "[fail] fails: exit 3", "[ ok ] last: last"] {
        assert!(lines.contains(expected), "{expected:?} is missing in\n{lines}\n{first:?}");
    }
    assert_eq!(first.status.code(), Some(1));
    assert_eq!(system.lines("ran"), ["first", "fails", "last"]);
}

/// The same once more after the engine's end, in one mount namespace: the successor knows what has run.
#[test]
fn a_full_run_directory_forgets_nothing() {
    let system = System::new(&[("once", "kind: oneshot\nstart: [/bin/sh, -c, 'echo once >>ROOT/ran']\n")]);
    let root = system.root.display();
    let full = format!(
        "mount -t tmpfs -o size=64k none {root}/run && mkdir {root}/run/scan && ! cat /dev/zero >{root}/run/full 2>&- && \
         {} ",
        system.stage2_words("default")
    );
    let second = system.stage2_after(&full, "default");
    assert_eq!(second.status.code(), Some(0), "{second:?}");
    assert_eq!(system.lines("ran"), ["once"]);
}

/// Names with every sign that a name may have.
#[test]
fn names() {
    let system = System::new(&[
        ("getty@tty1:x.y-z_0", SERVER),
        ("one@shot:1", "kind: oneshot\nstart: [/bin/true]\nneeds: ['getty@tty1:x.y-z_0']\n"),
    ]);
    system.supervise_engine();
    let answer = system.request("boot", "boot", &[]);
    assert_eq!((&answer["exit"], system.pid("getty@tty1:x.y-z_0") != 0), (&json!(0), true), "{answer}");
    assert_eq!(system.request("stop", "stop-all", &[])["exit"], 0);
    assert_eq!(system.pid("getty@tty1:x.y-z_0"), 0);
}

/// An engine that died while it removed notes of a command has told of its end already.
#[test]
fn half_a_record_runs_nothing_again() {
    let system = System::new(&[("once", "kind: oneshot\nstart: 'echo once >>ROOT/ran'\n")]);
    assert_eq!(system.stage2("default").status.code(), Some(0));
    let outcome = r#"{"reason":null,"exit":0,"output":[],"is_stop":false}"#;
    std::os::unix::fs::symlink(outcome, system.path("run/engine/ended/once")).unwrap();
    assert_eq!(system.stage2("default").status.code(), Some(0));
    assert_eq!(system.lines("ran"), ["once"]);
}
