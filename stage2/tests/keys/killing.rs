//! Whom a stop and a `kill` reach: `kill-mode`, here where there are no control groups.

use std::fs;

use serde_json::json;

use crate::subject::system;
use crate::system::{System, until};

/// A longrun with a child that goes on by itself; both numbers are in files.
fn parent(name: &str, mode: &str) -> String {
    let child = format!("sleep 1000 &\n  echo $! >ROOT/out/{name}.new; mv ROOT/out/{name}.new ROOT/out/{name}");
    format!("kind: longrun\nrun: |\n  {child}\n  wait\nlog: none\nkill-mode: {mode}\n")
}

fn child(system: &System, name: &str) -> String {
    until("the child's number", || system.path(&format!("out/{name}")).exists());
    system.read(&format!("out/{name}")).trim().to_owned()
}

fn runs(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// `main`: children go on; else they end with the service. A signal reaches the same processes as a stop.
#[test]
fn kill_mode() {
    let system = system(&[("main", parent("main", "main")), ("group", parent("group", "cgroup"))]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    let (spared, ended) = (child(&system, "main"), child(&system, "group"));
    assert_eq!(system.request("1", "stop", &["main", "group"])["units"], json!({"main": "down", "group": "down"}));
    until("the end of the group", || !runs(&ended));
    assert!(runs(&spared), "the child of a service with kill-mode main was ended");
    let spared = nix::unistd::Pid::from_raw(spared.parse().unwrap());
    nix::sys::signal::kill(spared, nix::sys::signal::Signal::SIGKILL).unwrap();

    fs::remove_file(system.path("out/group")).unwrap();
    assert_eq!(system.request("2", "start", &["group"])["exit"], 0);
    let child = child(&system, "group");
    let main = system.pid("group");
    system.write_request("3", r#"{"v":1,"verb":"kill","units":["group"],"signal":"KILL"}"#);
    assert_eq!(system.answer("3")["exit"], 0);
    until("the end of both", || !runs(&child) && system.pid("group") != main);
}

/// A stop of everything has nothing to say about a unit that had failed before; one that fails in it is named.
#[test]
fn failed_before_the_stop() {
    let system = system(&[
        ("broken", "kind: oneshot\nstart: [/bin/false]\n".into()),
        ("server", "kind: longrun\nrun: [sleep, '1000']\nlog: none\n".into()),
    ]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 1);
    assert_eq!(system.request("stop", "stop-all", &[]), json!({"v": 1, "exit": 0, "error": null, "units": {}}));
    assert_eq!(system.state("broken")["state"], "failed");

    let system = self::system(&[("stuck", "kind: oneshot\nstart: [/bin/true]\nstop: [/bin/false]\n".into())]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    let expected = json!({"v": 1, "exit": 1, "error": null, "units": {"stuck": "failed"}});
    assert_eq!(system.request("stop", "stop-all", &[]), expected);
}

/// What a one-shot left behind is found in the control group that the engine has made, wherever that is: by a kill, and by
/// the plan of one.
#[test]
fn kill_and_its_plan_look_where_the_engine_makes_control_groups() {
    let start = "sleep 1000 & echo $! >ROOT/out/once.new; mv ROOT/out/once.new ROOT/out/once";
    let system = system(&[("once", format!("kind: oneshot\nstart: '{start}'\n"))]);
    let groups = system.path("groups");
    fs::create_dir(&groups).unwrap();
    fs::write(groups.join("cgroup.procs"), "").unwrap();
    system.supervise_engine_with(groups.to_str().unwrap());
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    assert_eq!(system.read("run/cgroup"), format!("{}\n", groups.display()));
    let nobody = "kill once with TERM: nothing to do\n! once: not signalled, because nothing of it runs\n";
    assert_eq!(system.operate(&["plan", "kill", "once"]), (Some(1), nobody.into()));
    let left = child(&system, "once");
    fs::create_dir_all(groups.join("once")).unwrap();
    fs::write(groups.join("once/cgroup.procs"), format!("{left}\n")).unwrap();
    let plan = "kill once with TERM: 1 step\n* kill    once\n";
    assert_eq!(system.operate(&["plan", "kill", "once"]), (Some(0), plan.into()));
    assert_eq!(system.operate(&["kill", "once"]), (Some(0), String::new()));
    until("the end of what was left", || !runs(&left));
}
