//! Services whose supervise was killed: svscan, their new parent, tells how they end.

mod scene;

use std::fs;

use scene::{Scene, is_alive, link, supervise_of, svscan, wait_until};
use supervisor::status::{LastExit, Phase, Status};
use supervisor::sys::process::kill;

/// A service that ends with exit code 3 on USR1.
const CODE: &str = "#!/bin/sh\ntrap 'kill $!; exit 3' USR1\nsleep 1000 &\n: > ready\nwait $!\n";

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
    // Whoever looks after it now is the only child of svscan that is called supervise.
    let successor = wait_until("the successor", || {
        let children = fs::read_to_string(format!("/proc/{svscan}/task/{svscan}/children")).ok()?;
        let is_supervise =
            |pid: &&str| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "supervise\n");
        children.split(' ').find(is_supervise)?.parse::<u32>().ok()
    });
    fs::write(scene.path.join("messages"), "").unwrap();
    kill(successor, 9).unwrap();
    await_successor(&scene, before.pid);
    kill(before.pid, 10).unwrap();
    let after = scene.await_record("a", |status| status.pid == 0);
    assert_eq!(after.last_exit, LastExit::Status(3 << 8));
}
