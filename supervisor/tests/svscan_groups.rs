//! svscan -g: one supervise for several services.

mod scene;

use std::collections::BTreeSet;
use std::fs;

use scene::{SLEEP, Scene, is_alive, link, make_fifo, open_fifo, supervise_of, svscan, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// A service that writes what it reads from `go`, and its logger.
fn talker(scene: &Scene, name: &str) {
    scene.file(&format!("{name}/log/run"), "#!/bin/sh\nexec cat >> ../out\n");
    make_fifo(&scene.path.join(name).join("go"));
    scene.file(&format!("{name}/run"), "#!/bin/sh\nwhile :; do read n < go && echo line $n; done\n");
}

/// Has a talker write a line.
fn say(scene: &Scene, name: &str, word: &str) {
    wait_until("the service", || {
        let mut go = open_fifo(&scene.path.join(name).join("go"))?;
        std::io::Write::write_all(&mut go, format!("{word}\n").as_bytes()).ok()
    });
}

/// svscan over these services, the named ones talkers; returns once all run.
fn start(scene: &mut Scene, size: &str, sleepers: &[&str], talkers: &[&str]) -> u32 {
    for name in sleepers {
        scene.file(&format!("{name}/run"), SLEEP);
    }
    talkers.iter().for_each(|name| talker(scene, name));
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    sleepers.iter().chain(talkers).for_each(|name| link(scene, name));
    let svscan = svscan(scene, &["-g", size, "scan"]);
    for name in sleepers.iter().chain(talkers) {
        scene.await_record(name, |status| status.phase == Phase::Run);
    }
    for name in talkers {
        scene.await_record(&format!("{name}/log"), |status| status.phase == Phase::Run);
    }
    svscan
}

fn pid(scene: &Scene, service: &str) -> u32 {
    scene.await_record(service, |status| status.phase == Phase::Run).pid
}

/// No more processes than needed, none with more services than allowed, and all of them end as each on its own would.
#[test]
fn groups() {
    let mut scene = Scene::new();
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let svscan = start(&mut scene, "3", &names, &[]);
    let supervises: Vec<_> = names.iter().map(|name| supervise_of(&scene, name)).collect();
    let processes: BTreeSet<_> = supervises.iter().collect();
    assert_eq!(processes.len(), 3, "{supervises:?}");
    assert!(processes.iter().all(|one| supervises.iter().filter(|other| other == one).count() <= 3));
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert!(names.iter().all(|name| !scene.is_supervised(name)));
    assert_eq!(scene.text("messages"), "");
}

/// Killed, it is replaced by one for all of them; every service and logger keeps its process, and the pipe its lines.
#[test]
fn killed_supervise() {
    let mut scene = Scene::new();
    start(&mut scene, "9", &["a"], &["b"]);
    let services = ["a", "b", "b/log"];
    let before = services.map(|name| pid(&scene, name));
    let supervise = supervise_of(&scene, "a");
    assert_eq!(supervise_of(&scene, "b/log"), supervise);
    kill(supervise, 9).unwrap();
    for (name, pid) in services.iter().zip(before) {
        scene.await_text("messages", |text| {
            text.contains(&format!("supervise {name}: info: going on with pid {pid}\n"))
        });
    }
    say(&scene, "b", "1");
    scene.await_text("b/out", |text| text == "line 1\n");
    assert_eq!(services.map(|name| pid(&scene, name)), before);
    // A new process of each is a child of the one new supervise, at the same pipe.
    kill(before[1], 9).unwrap();
    kill(before[2], 9).unwrap();
    scene.await_record("b", |status| status.phase == Phase::Run && status.pid != before[1]);
    scene.await_record("b/log", |status| status.phase == Phase::Run && status.pid != before[2]);
    say(&scene, "b", "2");
    scene.await_text("b/out", |text| text == "line 1\nline 2\n");
    assert_eq!(supervise_of(&scene, "b"), supervise_of(&scene, "b/log"));
}

/// A crash of svscan, and its death, cost a group nothing.
#[test]
fn crashed_scanner() {
    let mut scene = Scene::new();
    let first = start(&mut scene, "9", &["a"], &["b"]);
    let services = ["a", "b", "b/log"];
    let before = services.map(|name| pid(&scene, name));
    let supervise = supervise_of(&scene, "a");
    kill(first, 11).unwrap();
    scene.await_text("messages", |text| text == "svscan: warning: crashed and was executed again\n");
    scene.file("c/run", SLEEP);
    link(&scene, "c");
    scene.await_record("c", |status| status.phase == Phase::Run);
    kill(first, 9).unwrap();
    scene.wait(first);
    let second = svscan(&mut scene, &["-g", "9", "scan"]);
    scene.letters("scan/.svscan/control", "z");
    // With both sides of the pipe gone only svscan has it, and what it may hold.
    for name in ["b", "b/log"] {
        scene.letters(&format!("{name}/supervise/control"), "d");
        scene.await_record(name, |status| status.pid == 0);
    }
    scene.letters("b/supervise/control", "u");
    say(&scene, "b", "1");
    scene.letters("b/log/supervise/control", "u");
    scene.await_text("b/out", |text| text == "line 1\n");
    assert_eq!((supervise_of(&scene, "a"), pid(&scene, "a")), (supervise, before[0]));
    kill(second, 15).unwrap();
    assert_eq!(scene.wait(second).code(), Some(0));
    assert!(["a", "b", "b/log", "c"].iter().all(|name| !scene.is_supervised(name)));
}

/// A service that leaves the directory is ended by `n`, with its logger; the others stay.
#[test]
fn prunes_one() {
    let mut scene = Scene::new();
    let svscan = start(&mut scene, "9", &["a"], &["b"]);
    let supervise = supervise_of(&scene, "a");
    say(&scene, "b", "1");
    scene.await_text("b/out", |text| text == "line 1\n");
    fs::remove_file(scene.path.join("scan/b")).unwrap();
    scene.letters("scan/.svscan/control", "n");
    wait_until("its end", || (!scene.is_supervised("b") && !scene.is_supervised("b/log")).then_some(()));
    assert_eq!(supervise_of(&scene, "a"), supervise);
    // And it comes back, when the scanner has done all that it was asked for and waits without end.
    let waits = || fs::read_to_string(format!("/proc/{svscan}/syscall")).unwrap();
    wait_until("a quiet scanner", || waits().split(' ').nth(4).filter(|wait| wait.starts_with("0xffffffff")).map(drop));
    link(&scene, "b");
    scene.await_record("b", |status| status.phase == Phase::Run && is_alive(status.pid));
    say(&scene, "b", "2");
    scene.await_text("b/out", |text| text == "line 1\nline 2\n");
}

/// One that was told to be left gets a supervise again while it is in the directory, and the others keep theirs.
#[test]
fn left_one() {
    let mut scene = Scene::new();
    start(&mut scene, "9", &["a", "b"], &[]);
    let (supervise, before) = (supervise_of(&scene, "a"), pid(&scene, "b"));
    scene.letters("b/supervise/control", "dx");
    let after = scene.await_record("b", |status| status.phase == Phase::Run && status.pid != before);
    assert!(is_alive(after.pid));
    assert_ne!(supervise_of(&scene, "b"), supervise);
    assert_eq!(supervise_of(&scene, "a"), supervise);
}

/// A service with `subreaper` is alone with its supervise.
#[test]
fn subreaper_is_alone() {
    let mut scene = Scene::new();
    scene.file("b/subreaper", "");
    start(&mut scene, "9", &["a", "b", "c"], &[]);
    assert_eq!(supervise_of(&scene, "a"), supervise_of(&scene, "c"));
    assert_ne!(supervise_of(&scene, "a"), supervise_of(&scene, "b"));
}

/// On TERM a logger in the group of its service reads to the end.
#[test]
fn loggers_drain() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\ntrap 'kill -9 $!; seq 10000; exit' TERM\nsleep 1000 &\n: > ready\nwait $!\n");
    scene.file("a/log/run", "#!/bin/sh\nexec cat > ../out\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["-g9", "scan"]);
    wait_until("the trap", || scene.path.join("a/ready").exists().then_some(()));
    scene.await_record("a/log", |status| status.phase == Phase::Run);
    assert_eq!(supervise_of(&scene, "a"), supervise_of(&scene, "a/log"));
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert_eq!(scene.text("a/out").lines().count(), 10000);
}
