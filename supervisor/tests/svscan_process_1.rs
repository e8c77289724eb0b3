//! svscan as process 1 of a pid namespace.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::path::Path;
use std::process::Command;

use scene::{SLEEP, SUPERVISE, SVSCAN, Scene, is_alive, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// A pid namespace of its own, without privileges on the machine.
const UNSHARE: [&str; 6] = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Namespaces may be had here.
fn is_allowed() -> bool {
    let allowed = Command::new("unshare").args(UNSHARE).arg("true").status().is_ok_and(|status| status.success());
    if !allowed {
        skip::skip("namespaces are forbidden here");
    }
    allowed
}

/// svscan as process 1, without privileges on the machine. `None` where namespaces are forbidden.
fn process_1(scene: &mut Scene) -> Option<u32> {
    if !is_allowed() {
        return None;
    }
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    let mut command = scene.command("unshare", &UNSHARE);
    let programs = Path::new(SUPERVISE).parent().unwrap().display();
    command.args(["sh", "-c", "echo 900 >/proc/self/oom_score_adj; exec \"$@\"", "sh", SVSCAN, "-t", "0", "scan"]);
    command.env("SUPERVISE_OOM", "950").env("PATH", format!("{programs}:/usr/bin:/bin"));
    let unshare = scene.spawn(command);
    // The only child of unshare.
    let svscan = wait_until("svscan", || {
        let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).ok()?;
        let pid: u32 = children.trim().parse().ok()?;
        (fs::read_to_string(format!("/proc/{pid}/comm")).ok()? == "svscan\n").then_some(pid)
    });
    Some(svscan)
}

/// No signal and no letter ends process 1; orphans are reaped; services that `t` has ended stay away.
#[test]
fn never_exits() {
    let mut scene = Scene::new();
    // The shell in between leaves its child to process 1.
    scene.file("scan/a/run", "#!/bin/sh\n(true &)\nexec sleep 1000\n");
    let Some(svscan) = process_1(&mut scene) else { return };
    scene.await_record("scan/a", |status| status.phase == Phase::Run);
    for signal in [15, 2, 3, 1, 10, 12, 30, 28, 38] {
        kill(svscan, signal).unwrap();
    }
    scene.letters("scan/.svscan/control", "t");
    wait_until("the end of the service", || (!scene.is_supervised("scan/a")).then_some(()));
    let text = "svscan: warning: unable to run .svscan/finish: file does not exist\n";
    scene.await_text("messages", |messages| messages == text);
    assert!(is_alive(svscan));
    wait_until("the last zombie to be reaped", || {
        let children = fs::read_to_string(format!("/proc/{svscan}/task/{svscan}/children")).ok()?;
        children.is_empty().then_some(())
    });
    assert!(!scene.is_supervised("scan/a"));
    kill(svscan, 9).unwrap();
}

/// A crash of process 1 is not the end of the namespace: it goes on in the same process, with the same services.
#[test]
fn survives_crashes() {
    let mut scene = Scene::new();
    scene.file("scan/a/run", SLEEP);
    let Some(svscan) = process_1(&mut scene) else { return };
    let before = scene.await_record("scan/a", |status| status.phase == Phase::Run);
    let message = "svscan: warning: crashed and was executed again\n";
    for crashes in 1..=3 {
        kill(svscan, 11).unwrap();
        scene.await_text("messages", |text| text == message.repeat(crashes));
    }
    // It listens, and what it starts now is started by it.
    scene.file("scan/b/run", SLEEP);
    scene.letters("scan/.svscan/control", "a");
    scene.await_record("scan/b", |status| status.phase == Phase::Run);
    assert_eq!(scene.record("scan/a").unwrap(), before);
    assert_eq!(scene.text("messages"), message.repeat(3));
    kill(svscan, 9).unwrap();
}

/// supervises are spared as process 1 is when memory runs out; services, what helps them, and handlers are what stage 1
/// said, and do not hear of it.
#[test]
fn spares_supervises() {
    let mut scene = Scene::new();
    let tell = "echo $(cat /proc/self/oom_score_adj) ${SUPERVISE_OOM-untold}";
    let run = format!("#!/bin/sh\n{tell} >told\nexec sleep 1000\n");
    scene.file("scan/a/run", &run).file("scan/a/finish", &format!("#!/bin/sh\n{tell} >>told\n"));
    scene.file("scan/a/control/h", &format!("#!/bin/sh\n{tell} >>told\n"));
    scene.file("scan/.svscan/SIGUSR1", "#!/bin/sh\ncat /proc/self/oom_score_adj >handled\n");
    let Some(svscan) = process_1(&mut scene) else { return };
    scene.await_record("scan/a", |status| status.phase == Phase::Run);
    let children = fs::read_to_string(format!("/proc/{svscan}/task/{svscan}/children")).unwrap();
    let score = fs::read_to_string(format!("/proc/{}/oom_score_adj", children.trim())).unwrap();
    assert_eq!(score, "900\n");
    kill(svscan, 10).unwrap();
    scene.await_text("scan/handled", |text| text == "950\n");
    scene.await_text("scan/a/told", |text| text == "950 untold\n");
    scene.letters("scan/a/supervise/control", "h");
    scene.await_text("scan/a/told", |text| text == "950 untold\n".repeat(2));
    scene.letters("scan/a/supervise/control", "d");
    scene.await_text("scan/a/told", |text| text == "950 untold\n".repeat(3));
    kill(svscan, 9).unwrap();
}

/// Where it cannot work at all, process 1 becomes `crash`.
#[test]
fn crash() {
    let mut scene = Scene::new();
    scene.file("scan/.svscan/crash", "#!/bin/sh\necho $$ > crashed\nexec sleep 1000\n");
    // A lock that somebody else holds is as good a reason as any.
    scene.file("scan/.svscan/lock", "").file("scan/a/run", SLEEP);
    let lock = fs::File::options().write(true).open(scene.path.join("scan/.svscan/lock")).unwrap();
    lock.lock().unwrap();
    if !is_allowed() {
        return;
    }
    let mut command = scene.command("unshare", &UNSHARE);
    command.arg(SVSCAN).arg("scan");
    let pid = scene.spawn(command);
    assert_eq!(scene.await_text("scan/crashed", |text| text.ends_with('\n')), "1\n");
    kill(pid, 9).unwrap();
}
