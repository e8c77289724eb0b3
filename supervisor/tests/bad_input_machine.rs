//! A machine that has run out of something: descriptors, processes, room. A message, nothing that runs is touched, and what
//! could not be done is done when there is more.

mod neighbour;
mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use neighbour::Neighbours;
use scene::{SLEEP, Scene, is_alive, supervise_of, wait_until};
use supervisor::status::{Phase, Status};
use supervisor::sys::process::kill;

/// Changes a limit of a running process of ours.
fn limit(pid: u32, limit: &str) {
    change_limit(&mut Command::new("prlimit"), pid, limit);
}

fn change_limit(prlimit: &mut Command, pid: u32, limit: &str) {
    let status = prlimit.args(["--pid", &pid.to_string(), limit]).status().unwrap();
    assert!(status.success(), "prlimit {limit}");
}

/// The scanner without descriptors says so once, and takes the service in when there are more.
#[test]
fn scanner_without_descriptors() {
    let tree = Neighbours::new();
    limit(tree.scanner, "--nofile=8:1024");
    tree.file("bad/run", SLEEP).file("bad/log/run", "#!/bin/sh\nexec cat\n");
    scene::link(&tree, "bad");
    tree.scan();
    tree.await_text("messages", |text| text.contains("process cannot open more files"));
    limit(tree.scanner, "--nofile=1024:1024");
    tree.expect_running();
    assert_eq!(tree.text("messages").matches("process cannot open more files").count(), 1, "{}", tree.text("messages"));
}

/// A supervise without descriptors leaves its service as it is; when that ends it says so, and starts it when there are
/// more.
#[test]
fn supervise_without_descriptors() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP).file("bad/notification-fd", "3\n");
    });
    let pid = tree.expect_running();
    let supervise = supervise_of(&tree, "bad");
    limit(supervise, "--nofile=3:1024");
    kill(pid, 9).unwrap();
    tree.await_text("messages", |text| text.contains("process cannot open more files"));
    limit(supervise, "--nofile=1024:1024");
    tree.await_record("bad", |status| status.phase == Phase::Run && status.pid != pid);
    assert!(is_alive(supervise));
}

/// A user who may have no more processes: EAGAIN from fork is told, and the service starts when it may.
#[test]
fn supervise_without_processes() {
    if !is_root() {
        return;
    }
    // Nobody else's number, so that nobody else's processes count.
    let user = 60_000 + std::process::id() % 5000;
    let id = user.to_string();
    let mut scene = Scene::new();
    scene.file("bad/run", SLEEP).file("messages", "");
    for path in ["", "bad", "messages"] {
        std::os::unix::fs::chown(scene.path.join(path), Some(user), None).unwrap();
    }
    let mut command =
        scene.command("setpriv", &["--reuid", &id, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
    let supervise = reachable(&scene);
    command.args(["prlimit", "--nproc=1:10"]).arg(&supervise).arg("bad");
    let pid = scene.spawn(command);
    scene.await_text("messages", |text| text.contains("unable to fork: temporary failure (next try in 1 s)"));
    // Root of a container may not change another user's limits.
    change_limit(Command::new("setpriv").args(["--reuid", &id, "--clear-groups", "prlimit"]), pid, "--nproc=10:10");
    scene.await_record("bad", |status| status.phase == Phase::Run);
}

/// supervise where an ordinary user may execute it: the build directory may be closed to others.
fn reachable(scene: &Scene) -> PathBuf {
    let copy = scene.path.join("supervise");
    scene::executable::copy(scene::SUPERVISE, &copy);
    copy
}

/// A full tmpfs: services go on and are started again, records are still right, and a new service comes when there is room.
#[test]
fn full_tmpfs() {
    if !is_root() {
        return;
    }
    let mut scene = Scene::new();
    let inside = scene.path.join("tmpfs");
    fs::create_dir(&inside).unwrap();
    scene.file("messages", "");
    let script = "mount -t tmpfs -o size=256k none tmpfs && cd tmpfs && mkdir -p scan full && \
        cp -a ../full . && ln -s ../full scan/full && exec \"$0\" scan";
    scene.file("full/run", SLEEP);
    let mut command = scene.command("unshare", &["--mount", "sh", "-ec", script, scene::SVSCAN]);
    let programs = Path::new(scene::SUPERVISE).parent().unwrap().display().to_string();
    command.env("PATH", format!("{programs}:/usr/bin:/bin"));
    let scanner = scene.spawn(command);
    let seen = PathBuf::from(format!("/proc/{scanner}/root{}", inside.display()));
    let record = |name: &str| Status::unpack(&fs::read(seen.join(name).join("supervise/status")).ok()?);
    let running = |name: &str| record(name).filter(|status| status.phase == Phase::Run && is_alive(status.pid));
    let first = wait_until("the service", || running("full")).pid;
    // Full to the last byte; a second service's directory is there, but nothing can be put into it.
    fs::create_dir(seen.join("new")).unwrap();
    symlink("/bin/sleep", seen.join("new/run")).unwrap();
    let filler = seen.join("filler");
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    kill(first, 9).unwrap();
    let second = wait_until("another process", || running("full").filter(|status| status.pid != first)).pid;
    scene.await_text("messages", |text| text.contains("out of disk space"));
    fs::remove_file(&filler).unwrap();
    kill(second, 9).unwrap();
    wait_until("a third process", || running("full").filter(|status| status.pid != second));
    assert!(is_alive(scanner));
    // The scene's own end does not see into the namespace.
    kill(scanner, 15).unwrap();
    scene.wait(scanner);
}

/// Whether limits and mounts can be had; for others the test is a counted skip.
fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        skip::skip("needs root");
    }
    is_root
}
