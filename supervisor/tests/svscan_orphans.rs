//! Services whose supervise was killed: svscan, their new parent, tells how they end.

mod scene;

use std::fs;
use std::time::{Duration, Instant};

use scene::{Scene, is_alive, link, make_fifo_in, supervise_of, svscan, wait_until};
use supervisor::status::{LastExit, Phase, Status};
use supervisor::sys::proc::parent_of;
use supervisor::sys::process::kill;

/// A service that ends with exit code 3 on USR1.
const CODE: &str = "#!/bin/sh\ntrap 'kill -9 $!; exit 3' USR1\nsleep 1000 &\n: > ready\nwait $!\n";

/// svscan over the service `a` with this file, up and with its trap set.
fn start(scene: &mut Scene, options: &[&str]) -> (u32, Status) {
    scene.file("a/run", CODE).file("a/restart", "never\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(scene, "a");
    let svscan = svscan(scene, options);
    wait_until("the trap", || scene.path.join("a/ready").exists().then_some(()));
    (svscan, scene.await_record("a", |status| status.phase == Phase::Run))
}

fn await_successor(scene: &Scene, service: u32) {
    scene.await_text("messages", |text| text.ends_with(&format!("supervise a: info: going on with pid {service}\n")));
}

/// Whoever looks after the service now is the only child of svscan that is called supervise.
fn successor(svscan: u32) -> u32 {
    wait_until("the successor", || {
        let children = fs::read_to_string(format!("/proc/{svscan}/task/{svscan}/children")).ok()?;
        let is_supervise =
            |pid: &&str| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "supervise\n");
        children.split(' ').find(is_supervise)?.parse().ok()
    })
}

/// How often a process has gone to sleep, once it sleeps.
fn naps(pid: u32) -> u64 {
    wait_until("its sleep", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        value("State:").filter(|state| state.starts_with('S'))?;
        value("voluntary_ctxt_switches:")?.parse().ok()
    })
}

/// The successor of a killed supervise learns the exit code of a process that is not its child; of a group's, too.
#[test]
fn exit_code() {
    for options in [&["scan"][..], &["-g", "5", "scan"]] {
        let mut scene = Scene::new();
        scene.file("b/run", "#!/bin/sh\nexec sleep 1000\n");
        fs::create_dir_all(scene.path.join("scan")).unwrap();
        link(&scene, "b");
        let (_, before) = start(&mut scene, options);
        kill(supervise_of(&scene, "a"), 9).unwrap();
        await_successor(&scene, before.pid);
        kill(before.pid, 10).unwrap();
        let after = scene.await_record("a", |status| status.pid == 0);
        assert_eq!(after.last_exit, LastExit::Status(3 << 8), "{options:?}");
        wait_until("the file to be taken", || (!scene.path.join("a/supervise/ended").exists()).then_some(()));
    }
}

/// A service that ends before its supervise is replaced: the successor learns it when it begins.
#[test]
fn ended_before() {
    let mut scene = Scene::new();
    let (svscan, before) = start(&mut scene, &["scan"]);
    let supervise = supervise_of(&scene, "a");
    // Both ends are there before svscan looks.
    kill(svscan, 19).unwrap();
    kill(supervise, 9).unwrap();
    kill(before.pid, 10).unwrap();
    wait_until("both ends", || (!is_alive(supervise) && !is_alive(before.pid)).then_some(()));
    kill(svscan, 18).unwrap();
    let after = scene.await_record("a", |status| status.pid == 0);
    assert_eq!(after.last_exit, LastExit::Status(3 << 8));
}

/// A second supervise is killed over the same process, and svscan is executed again: the process is still known.
#[test]
fn many_deaths() {
    let mut scene = Scene::new();
    let (svscan, before) = start(&mut scene, &["scan"]);
    kill(supervise_of(&scene, "a"), 9).unwrap();
    await_successor(&scene, before.pid);
    kill(svscan, 11).unwrap();
    scene.await_text("messages", |text| text.ends_with("svscan: warning: crashed and was executed again\n"));
    let successor = successor(svscan);
    fs::write(scene.path.join("messages"), "").unwrap();
    kill(successor, 9).unwrap();
    await_successor(&scene, before.pid);
    kill(before.pid, 10).unwrap();
    let after = scene.await_record("a", |status| status.pid == 0);
    assert_eq!(after.last_exit, LastExit::Status(3 << 8));
}

/// A successor hears of the end of a `finish` twice, from the kernel and then from svscan: that is one end, and the next run
/// goes on.
#[test]
fn finish_ends_once() {
    let mut scene = Scene::new();
    make_fifo_in(&scene, "a/gate");
    scene.file("a/run", "#!/bin/sh\necho $$ >> started\nexec sleep 1000\n");
    scene.file("a/finish", "#!/bin/sh\nread line < gate\n").file("a/timeout-finish", "0\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["scan"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first.pid, 9).unwrap();
    let finish = scene.await_record("a", |status| status.phase == Phase::Finish);
    kill(parent_of(finish.pid).unwrap(), 9).unwrap();
    await_successor(&scene, finish.pid);
    let supervise = successor(svscan);
    // The successor looks before svscan can tell it anything.
    kill(svscan, 19).unwrap();
    let before = naps(supervise);
    scene.letters("a/gate", "\n");
    wait_until("the successor to look", || (!is_alive(finish.pid) && naps(supervise) > before).then_some(()));
    kill(svscan, 18).unwrap();
    let second = scene.await_record("a", |status| status.phase == Phase::Run);
    // Longer than it waits for somebody to say how the finish ended.
    let begin = Instant::now();
    wait_until("time to pass", || (begin.elapsed() > Duration::from_millis(1500)).then_some(()));
    assert_eq!(scene.text("a/started").lines().last(), Some(second.pid.to_string().as_str()));
    assert_eq!(scene.record("a").unwrap().pid, second.pid);
}
