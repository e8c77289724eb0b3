//! Bad input for supervise: a message, nothing else touched, and recovery when the cause goes.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

use scene::{SLEEP, SUPERVISE, Scene, is_alive, make_fifo, wait_until};
use supervisor::status::{Phase, Want};
use supervisor::sys::process::kill;

/// Makes what is wrong.
type Make = fn(&Scene);

/// A `run` that cannot be run is named with the reason, the service beside it is untouched, and it runs once it can.
#[test]
fn run_that_cannot_be_run() {
    let cases: [(&str, Make, &str); 5] = [
        ("missing", |_| (), "file does not exist"),
        ("loop", |scene| symlink("run", scene.path.join("a/run")).unwrap(), "symbolic link loop"),
        ("dangling", |scene| symlink("nowhere", scene.path.join("a/run")).unwrap(), "file does not exist"),
        ("directory", |scene| fs::create_dir(scene.path.join("a/run")).unwrap(), "access denied"),
        ("interpreter", |scene| _ = scene.file("a/run", "#!/no/such\n"), "file does not exist"),
    ];
    for (name, make, why) in cases {
        let mut scene = Scene::new();
        scene.file("a/nothing", "").file("b/run", SLEEP);
        make(&scene);
        scene.supervise(&["a", "b"]);
        let other = scene.await_record("b", |status| status.phase == Phase::Run);
        let expected = format!("supervise a: warning: unable to run ./run: {why} (next try in 1 s)\n");
        let said = scene.await_text("messages", |text| text.ends_with('\n'));
        assert!(said.starts_with(&expected), "{name}: {said}");
        let run = scene.path.join("a/run");
        if run.is_dir() {
            fs::remove_dir(&run).unwrap();
        } else {
            let _ = fs::remove_file(&run);
        }
        scene.file("a/run", SLEEP);
        scene.letters("a/supervise/control", "u");
        scene.await_record("a", |status| status.phase == Phase::Run);
        assert_eq!(scene.record("b").unwrap().pid, other.pid, "{name}");
    }
}

/// A directory that vanishes takes nothing down; its process goes on and can be stopped by hand.
#[test]
fn directory_vanishes() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("b/run", SLEEP);
    let supervise = scene.supervise(&["a", "b"]);
    let pids = ["a", "b"].map(|name| scene.await_record(name, |status| status.phase == Phase::Run).pid);
    fs::remove_dir_all(scene.path.join("a")).unwrap();
    kill(pids[0], 9).unwrap();
    scene.await_text("messages", |text| {
        text.contains("supervise a: warning: unable to run ./run: file does not exist (next try in ")
    });
    assert!(is_alive(pids[1]));
    kill(supervise, 15).unwrap();
    assert_eq!(scene.wait(supervise).code(), Some(0));
    assert!(!is_alive(pids[1]));
}

/// Garbage in `control` does nothing.
#[test]
fn garbage_letters() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    let garbage: String = (1..128u8).map(char::from).filter(|letter| !letter.is_ascii_alphanumeric()).collect();
    scene.letters("a/supervise/control", &garbage);
    scene.letters("a/supervise/control", "\u{0}ABEFGHIJLMNRSTVWXYZefgjmnsvwz03456789");
    scene.letters("a/supervise/control", "O");
    let after = scene.await_record("a", |status| status.want == Want::Once);
    assert_eq!((after.pid, after.deaths, after.paused), (before.pid, 0, false));
}

/// Without descriptors nothing is started, which is said, and everything is when there are some again.
#[test]
fn no_descriptors() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/down", "").file("a/notification-fd", "3\n").file("b/run", SLEEP);
    let supervise = scene.supervise(&["a", "b"]);
    let other = scene.await_record("b", |status| status.phase == Phase::Run);
    let limit = |soft: u64| {
        let mut command = std::process::Command::new("prlimit");
        command.arg(format!("--pid={supervise}")).arg(format!("--nofile={soft}:4096"));
        assert!(command.status().unwrap().success());
    };
    limit(3);
    scene.letters("a/supervise/control", "u");
    scene.await_text("messages", |text| {
        text.contains(
            "supervise a: warning: unable to read its directory: process cannot open more files (next try in 1 s)\n",
        )
    });
    assert!(is_alive(other.pid));
    limit(1024);
    scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(scene.record("b").unwrap().pid, other.pid);
}

/// Where no process can be made, that is said each time it is tried, and the service comes when one can.
#[test]
fn no_processes() {
    if !nix::unistd::Uid::effective().is_root() {
        return skip::skip("only root can become somebody whose processes are few");
    }
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/down", "");
    // Nobody else has this number, so nobody else's processes count.
    let user = 61_234 + std::process::id() % 1000;
    for path in [scene.path.clone(), scene.path.join("a")] {
        std::os::unix::fs::chown(&path, Some(user), Some(user)).unwrap();
    }
    scene.file("messages", "");
    let mut command = scene.command(SUPERVISE, &["a"]);
    command.uid(user).gid(user);
    let supervise = scene.spawn(command);
    scene.await_record("a", |_| true);
    let limit = |number: &str| {
        let mut command = std::process::Command::new("prlimit");
        command.arg(format!("--pid={supervise}")).arg(format!("--nproc={number}:")).uid(user).gid(user);
        assert!(command.status().unwrap().success());
    };
    limit("1");
    scene.letters("a/supervise/control", "u");
    scene.await_text("messages", |text| {
        text.contains("supervise a: warning: unable to fork: temporary failure (next try in 1 s)\n")
    });
    limit("64");
    scene.await_record("a", |status| status.phase == Phase::Run);
}

/// A `supervise/` that cannot be used is a message and 111; files and FIFOs of others in it are no obstacle.
#[test]
fn foreign_supervise() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/supervise", "a file");
    let refused = scene.supervise(&["a"]);
    assert_eq!(scene.wait(refused).code(), Some(111));
    assert_eq!(scene.text("messages"), "supervise: fatal: unable to open a/supervise/lock: not a directory\n");
    fs::remove_file(scene.path.join("a/supervise")).unwrap();
    // What s6 leaves: a status of its own length, a tally, a socket's name that is a directory.
    scene.file("a/supervise/death_tally", "0123456789abcd").file("a/supervise/notify/x", "");
    fs::write(scene.path.join("a/supervise/status"), [1; 35]).unwrap();
    fs::set_permissions(scene.path.join("a/supervise"), fs::Permissions::from_mode(0o700)).unwrap();
    make_fifo(&scene.path.join("a/supervise/death_tally.new"));
    scene.file("a/notify", "main");
    scene.supervise(&["a"]);
    let status = scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!((status.deaths, status.want), (0, Want::Up));
    let said = scene.await_text("messages", |text| text.contains("supervise/notify"));
    assert!(said.contains("supervise a: warning: unable to open supervise/notify: is a directory\n"), "{said}");
    kill(status.pid, 9).unwrap();
    scene.await_record("a", |now| now.phase == Phase::Run && now.pid != status.pid);
    assert_eq!(fs::read(scene.path.join("a/supervise/death_tally")).unwrap().len(), 14);
}

/// Settings that make no sense count as absent.
#[test]
fn senseless_settings() {
    let mut scene = Scene::new();
    for (file, text) in [
        ("timeout-kill", "soon"),
        ("timeout-finish", "-1"),
        ("down-signal", "SIGNONE"),
        ("reload-signal", "99"),
        ("restart", "perhaps"),
        ("max-deaths", "many"),
        ("max-death-tally", "\u{fffd}"),
        ("notification-fd", "99999999999999999999"),
        ("lock-fd", "4096"),
        ("check-every", ""),
        ("descriptor-store", "x"),
        ("cgroup", "relative"),
        ("dialect", "klingon"),
    ] {
        scene.file(&format!("a/{file}"), text);
    }
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let status = scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(scene.text("messages"), "");
    scene.letters("a/supervise/control", "d");
    let down = scene.await_record("a", |status| status.pid == 0);
    assert_eq!(down.last_exit.signal(), Some(15));
    wait_until("its end", || (!is_alive(status.pid)).then_some(()));
}
