//! svscan where something runs out: processes, room on the file system.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::process::Command;

use scene::{SLEEP, SVSCAN, Scene, command, link};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// What svscan is started with besides, of the tests' own environment.
fn with_environment(mut outer: Command, scene: &Scene) -> Command {
    outer.envs(command(scene, &[]).get_envs().filter_map(|(key, value)| Some((key, value?))));
    outer
}

/// Without room for another process there is one message, the services that run are untouched, and the new one comes up
/// once another has left.
#[test]
fn no_more_processes() {
    if !nix::unistd::geteuid().is_root() {
        return skip::skip("only root can become a user with a limit of its own");
    }
    let mut scene = Scene::new();
    // Nobody else's: the limit counts a user's processes wherever they are.
    let user = 60_000 + std::process::id() % 5000;
    for name in ["a", "b"] {
        scene.file(&format!("{name}/run"), SLEEP);
        link_for(&scene, name, user);
    }
    let (id, limit) = (user.to_string(), "--nproc=5");
    let arguments = [limit, "setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", SVSCAN, "scan"];
    let svscan = scene.spawn(with_environment(scene.command("prlimit", &arguments), &scene));
    let before = ["a", "b"].map(|name| scene.await_record(name, |status| status.phase == Phase::Run));
    scene.file("c/run", SLEEP);
    link_for(&scene, "c", user);
    let message = "svscan: warning: unable to fork: temporary failure (next try in 1 s)\n";
    scene.await_text("messages", |text| text.contains(message));
    assert!(!scene.is_supervised("c"));
    // One that leaves makes room.
    fs::remove_file(scene.path.join("scan/b")).unwrap();
    scene.letters("scan/.svscan/control", "n");
    scene.await_record("c", |status| status.phase == Phase::Run);
    assert_eq!(scene.record("a").unwrap(), before[0]);
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// A service that another user owns, in the scan directory.
fn link_for(scene: &Scene, name: &str, user: u32) {
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    for path in [scene.path.clone(), scene.path.join("scan"), scene.path.join(name)] {
        std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
    }
    let messages = scene.path.join("messages");
    if messages.exists() {
        std::os::unix::fs::chown(messages, Some(user), Some(user)).unwrap();
    }
    link(scene, name);
}

/// On a full file system svscan says what it could not keep, and starts services all the same.
#[test]
fn full_file_system() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    let script = "mount -t tmpfs -o size=4k none scan && head -c 4096 /dev/zero > scan/.full && ln -s ../a scan/a && exec \
                  \"$0\" scan";
    let unshare = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let allowed = Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|status| status.success());
    if !allowed {
        return skip::skip("namespaces are forbidden here");
    }
    let mut outer = scene.command("unshare", &unshare);
    outer.args(["sh", "-c", script, SVSCAN]);
    let outer = scene.spawn(with_environment(outer, &scene));
    scene.await_record("a", |status| status.phase == Phase::Run);
    let message = "svscan: warning: unable to write .svscan/status: out of disk space\n";
    assert_eq!(scene.text("messages"), message);
    kill(outer, 9).unwrap();
}
