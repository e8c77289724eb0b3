//! The files that supervise and svscan are reached by are removed or replaced while they run: who writes to them is told, and
//! the next scan mends them, while the services go on.

mod neighbour;
mod scene;

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

use neighbour::Neighbours;
use scene::{SLEEP, SUPERVISE, Scene, is_alive, link, make_fifo, svscan, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::{self, kill};

/// What supervise says.
const MENDED: &str =
    "supervise bad: warning: made supervise/control and supervise/ok anew (they were removed or replaced)\n";

/// What happens to a file.
const FATES: [fn(&Path); 4] = [
    |_| (),
    |path| fs::write(path, "text").unwrap(),
    |path| symlink("/dev/null", path).unwrap(),
    // Nobody reads this one.
    make_fifo,
];

/// A program of ours in a directory: its exit code and messages.
fn run(program: &str, arguments: &[&str], directory: &Path) -> (Option<i32>, String) {
    let path = Path::new(SUPERVISE).with_file_name(program);
    let output = Command::new(path).args(arguments).current_dir(directory).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Until a process is so old that nobody takes it for one that is still beginning.
fn settle(pid: u32) {
    let age = || supervisor::sys::time::since_boot() / 10_000_000 - process::start_ticks(pid).unwrap();
    wait_until("a second of its life", || (age() > 101).then_some(()));
}

/// Each FIFO in each way, by one scan each; the service keeps its process and its supervise.
#[test]
fn of_supervise() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    let supervise = process::parent_of(pid).unwrap();
    settle(supervise);
    let mut expected = String::new();
    for fifo in ["control", "ok"].map(|name| tree.path.join("bad/supervise").join(name)) {
        for fate in FATES {
            fs::remove_file(&fifo).unwrap();
            fate(&fifo);
            tree.scan();
            expected.push_str(MENDED);
            tree.await_text("messages", |text| text == expected);
            assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo(), "{fifo:?}");
            tree.letters("bad/supervise/control", "p");
            tree.await_record("bad", |status| status.paused);
            tree.letters("bad/supervise/control", "c");
            tree.await_record("bad", |status| !status.paused && status.pid == pid);
            assert!(tree.is_supervised("bad"));
        }
    }
    assert_eq!(process::parent_of(pid), Some(supervise));
}

/// Without `supervise/` all of it is made again, the lock too: a second supervise is refused.
#[test]
fn whole_directory() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    settle(process::parent_of(pid).unwrap());
    fs::remove_dir_all(tree.path.join("bad/supervise")).unwrap();
    tree.scan();
    tree.await_text("messages", |text| text == MENDED);
    assert_eq!(tree.await_record("bad", |status| status.phase == Phase::Run).pid, pid);
    let refused = "supervise: fatal: unable to acquire bad/supervise/lock: temporary failure\n";
    assert_eq!(run("supervise", &["bad"], &tree.path), (Some(111), refused.into()));
}

/// ALRM has a supervise mend them that no scanner looks after; when nothing is wrong it does nothing.
#[test]
fn by_alarm() {
    let mut scene = Scene::new();
    scene.file("bad/run", SLEEP);
    let supervise = scene.supervise(&["bad"]);
    let pid = scene.await_record("bad", |status| status.phase == Phase::Run).pid;
    kill(supervise, 14).unwrap();
    scene.letters("bad/supervise/control", "p");
    scene.await_record("bad", |status| status.paused);
    assert_eq!(scene.text("messages"), "");
    fs::remove_file(scene.path.join("bad/supervise/control")).unwrap();
    kill(supervise, 14).unwrap();
    scene.letters("bad/supervise/control", "c");
    scene.await_record("bad", |status| !status.paused && status.pid == pid);
    assert_eq!(scene.text("messages"), MENDED);
}

/// One of several services in one supervise is no other case, and is not taken for one that was left.
#[test]
fn of_a_group() {
    let mut scene = Scene::new();
    for name in ["a", "bad"] {
        scene.file(&format!("{name}/run"), SLEEP).file("scan/.svscan/x", "");
        link(&scene, name);
    }
    svscan(&mut scene, &["-g", "9", "scan"]);
    let pids = ["a", "bad"].map(|name| scene.await_record(name, |status| status.phase == Phase::Run).pid);
    let supervise = process::parent_of(pids[1]).unwrap();
    assert_eq!(process::parent_of(pids[0]), Some(supervise));
    settle(supervise);
    fs::remove_file(scene.path.join("bad/supervise/ok")).unwrap();
    scene.letters("scan/.svscan/control", "a");
    scene.await_text("messages", |text| text == MENDED);
    assert!(scene.is_supervised("bad") && is_alive(pids[1]));
    assert_eq!(process::parent_of(pids[1]), Some(supervise));
}

/// Whoever writes to what is no FIFO is told, and nothing is written.
#[test]
fn clients_refuse() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    settle(process::parent_of(tree.expect_running()).unwrap());
    for fifo in ["bad/supervise/control", "bad/supervise/ok", "scan/.svscan/control"] {
        fs::remove_file(tree.path.join(fifo)).unwrap();
        fs::write(tree.path.join(fifo), "text").unwrap();
    }
    for (program, argument, code, words) in [
        ("svc", "-d", 0, "svc: warning: unable to control bad: not a FIFO\n"),
        ("svok", "bad", 111, "svok: fatal: unable to open supervise/ok: not a FIFO\n"),
        ("svscanctl", "-a", 111, "svscanctl: fatal: unable to control scan: not a FIFO\n"),
    ] {
        let place = if program == "svscanctl" { "scan" } else { "bad" };
        let arguments = if program == "svok" { &[argument][..] } else { &[argument, place] };
        assert_eq!(run(program, arguments, &tree.path), (Some(code), words.into()));
    }
    for fifo in ["bad/supervise/control", "bad/supervise/ok", "scan/.svscan/control"] {
        assert_eq!(tree.text(fifo), "text");
    }
    // The scanner hears signals still.
    kill(tree.scanner, 14).unwrap();
    tree.await_text("messages", |text| text.ends_with(MENDED));
    tree.letters("scan/.svscan/control", "z");
    let mended = "svscan: warning: made .svscan/control anew (it was removed or replaced)\n";
    assert_eq!(tree.text("messages"), format!("{mended}{MENDED}"));
    assert_eq!(run("svok", &["bad"], &tree.path), (Some(0), String::new()));
}
