//! What s6's users know of their scanner: its directory, its control FIFO, handlers, `finish`, the console.

mod scene;

use std::fs;
use std::process::Command;

use scene::{SLEEP, SVSCAN, Scene, command, is_alive, link, svscan, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// Where there is a `.s6-svscan/`, its control FIFO is heard as well, as s6-svscanctl writes to it.
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
