//! What s6's users know of their scanner: its directory, its control FIFO, handlers, `finish`, the console.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::path::Path;
use std::process::Command;

use scene::{SLEEP, SVSCAN, Scene, command, is_alive, link, svscan, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// The control FIFO of `.s6-svscan/` is heard as well, as s6-svscanctl writes to it.
#[test]
fn hears_s6_svscanctl() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("scan/.s6-svscan/finish", "#!/bin/sh\necho $0 > told\nexit 5\n");
    let svscan = svscan(&mut scene, &["-t", "0", "scan"]);
    scene.letters("scan/.svscan/control", "z");
    link(&scene, "a");
    scene.letters("scan/.s6-svscan/control", "a");
    scene.await_record("a", |status| status.phase == Phase::Run);
    fs::remove_file(scene.path.join("scan/a")).unwrap();
    scene.letters("scan/.s6-svscan/control", "an");
    wait_until("its end", || (!scene.is_supervised("a")).then_some(()));
    scene.letters("scan/.s6-svscan/control", "t");
    assert_eq!(scene.wait(svscan).code(), Some(5));
    assert_eq!(scene.text("scan/told"), ".s6-svscan/finish\n");
}

/// Handlers are looked for in our directory first, then in s6's; a file that cannot be executed is none.
#[test]
fn handlers_of_both() {
    let mut scene = Scene::new();
    scene.file("scan/.s6-svscan/SIGUSR1", "#!/bin/sh\necho s6 >> usr1\n");
    scene.file("scan/.s6-svscan/SIGUSR2", "#!/bin/sh\necho s6 >> usr2\n");
    scene.file("scan/.svscan/SIGUSR2", "#!/bin/sh\necho ours >> usr2\n").file("scan/.svscan/SIGTERM", "no program\n");
    let svscan = svscan(&mut scene, &["scan"]);
    scene.letters("scan/.svscan/control", "z");
    kill(svscan, 10).unwrap();
    kill(svscan, 12).unwrap();
    scene.await_text("scan/usr1", |text| text == "s6\n");
    scene.await_text("scan/usr2", |text| text == "ours\n");
    assert!(is_alive(svscan));
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// ALRM is a scan.
#[test]
fn alarm_scans() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let svscan = svscan(&mut scene, &["-t0", "scan"]);
    scene.letters("scan/.svscan/control", "z");
    link(&scene, "a");
    kill(svscan, 14).unwrap();
    scene.await_record("a", |status| status.phase == Phase::Run);
}

/// The console is standard error of `finish`, also after a crash, and no service has it. What else is kept stays, too.
#[test]
fn console() {
    let mut scene = Scene::new();
    scene.file("scan/a/run", "#!/bin/sh\nls /proc/$$/fd > told\nexec sleep 1000\n");
    scene.file("scan/.svscan/finish", "#!/bin/sh\necho bye >&2\n");
    let mut shell: Command = scene.command("sh", &["-c", "exec \"$0\" -X 7 -X 8 scan 7>console 8>kept", SVSCAN]);
    shell.envs(command(&scene, &[]).get_envs().filter_map(|(key, value)| Some((key, value?))));
    let svscan = scene.spawn(shell);
    let told = scene.await_text("scan/a/told", |text| text.contains('2'));
    assert!(!told.lines().any(|fd| fd == "7" || fd == "8"), "{told}");
    kill(svscan, 11).unwrap();
    scene.await_text("messages", |text| text == "svscan: warning: crashed and was executed again\n");
    assert!(std::fs::read_link(format!("/proc/{svscan}/fd/8")).unwrap().ends_with("kept"));
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert_eq!(scene.text("console"), "bye\n");
}

/// s6's scanner and ours never share a directory: the second is told that there is another, whichever it is.
#[test]
fn never_beside_s6() {
    let theirs = Path::new("/usr/bin/s6-svscan");
    if !theirs.exists() {
        return skip::skip("/usr/bin/s6-svscan is missing: install s6");
    }
    let mut scene = Scene::new();
    let ours = svscan(&mut scene, &["scan"]);
    scene.letters("scan/.svscan/control", "z");
    let second = scene.command(theirs.to_str().unwrap(), &["scan"]).status().unwrap();
    assert_eq!(second.code(), Some(100));
    let theirs_says = "s6-svscan: fatal: another instance of s6-svscan is already running on the same directory\n";
    assert_eq!(scene.text("messages"), theirs_says);
    kill(ours, 15).unwrap();
    assert_eq!(scene.wait(ours).code(), Some(0));

    let command = scene.command(theirs.to_str().unwrap(), &["scan"]);
    let first = scene.spawn(command);
    scene.letters("scan/.s6-svscan/control", "z");
    let second = svscan(&mut scene, &["scan"]);
    assert_eq!(scene.wait(second).code(), Some(100));
    let ours_says = "svscan: fatal: unable to acquire .s6-svscan/lock: temporary failure\n";
    assert_eq!(scene.text("messages"), format!("{theirs_says}{ours_says}"));
    kill(first, 15).unwrap();
    assert_eq!(scene.wait(first).code(), Some(0));
}

/// With -A, ABRT is no crash but the end, also of an svscan that was executed again; the services go on.
#[test]
fn abort_is_the_end() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let svscan = svscan(&mut scene, &["-A", "scan"]);
    link(&scene, "a");
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    scene.letters("scan/.svscan/control", "R");
    let status = scene.path.join("scan/.svscan/status");
    // The record's generation.
    wait_until("its next life", || (fs::read(&status).ok()?.get(34..36)? == [1, 0]).then_some(()));
    kill(svscan, 6).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert_eq!((scene.text("messages"), scene.record("a")), (String::new(), Some(before)));
    scene.letters("a/supervise/control", "dx");
    wait_until("its end", || (!scene.is_supervised("a")).then_some(()));
}
