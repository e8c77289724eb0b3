//! A `supervise/` that is somebody else's, or was tampered with: what can be mended is mended, what cannot is told and tried
//! again; the others are untouched.

mod neighbour;
mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use neighbour::Neighbours;
use scene::{SLEEP, Scene, is_alive, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// Whether all of these programs are installed; if not, the test is a counted skip, for root a failure.
fn installed(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !Path::new("/usr/bin").join(program).exists());
    missing.inspect(|program| skip::skip(&format!("{program} is missing"))).is_none()
}

/// A peer's supervise on the directory `bad`. Killed when dropped.
struct Peer(Child);

impl Peer {
    /// Starts it in the directory that it wants, and waits for its status file and its service.
    fn start(scene: &Scene, program: &str) -> Self {
        scene.file("bad/run", SLEEP);
        let mut command = Command::new(Path::new("/usr/bin").join(program));
        command.arg("bad").current_dir(&scene.path).stdin(Stdio::null()).stderr(Stdio::null());
        let peer = Self(command.spawn().unwrap());
        wait_until("the peer's status", || {
            fs::metadata(scene.path.join("bad/supervise/status")).ok().filter(|data| data.len() >= 18)
        });
        wait_until("the peer's service", || (!peer.children().is_empty()).then_some(()));
        peer
    }

    fn children(&self) -> Vec<u32> {
        let pid = self.0.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        children.split_whitespace().map(|child| child.parse().unwrap()).collect()
    }

    /// Kills it, and the service that it leaves behind.
    fn kill(&mut self) {
        let children = self.children();
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        for child in children {
            kill(child, 9).unwrap();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What daemontools, runit and s6 have left behind, killed, is no obstacle.
#[test]
fn stale_directories_of_peers() {
    let programs = ["supervise", "runsv", "s6-supervise"];
    if !installed(&programs) {
        return;
    }
    for program in programs {
        let tree = Neighbours::of(|scene| Peer::start(scene, program).kill());
        tree.expect_running();
        assert_eq!(tree.text("messages"), "", "{program}");
    }
}

/// While a peer has the service, ours says so, and takes over when the peer has gone.
#[test]
fn peers_at_work() {
    let programs = ["supervise", "runsv", "s6-supervise"];
    if !installed(&programs) {
        return;
    }
    for program in programs {
        let mut peer = None;
        let tree = Neighbours::of(|scene| peer = Some(Peer::start(scene, program)));
        tree.expect_message("supervise: fatal: unable to acquire bad/supervise/lock: temporary failure");
        peer.unwrap().kill();
        tree.expect_running();
    }
}

/// While ours has the service, each peer says so and leaves, having touched nothing.
#[test]
fn ours_at_work() {
    let peers = [
        ("supervise", 111, "supervise: fatal: unable to acquire bad/supervise/lock: temporary failure\n"),
        ("runsv", 111, "runsv bad: fatal: unable to lock supervise/lock: temporary failure\n"),
        ("s6-supervise", 100, "s6-supervise bad: fatal: another instance of s6-supervise is already running\n"),
    ];
    if !installed(&peers.map(|(program, ..)| program)) {
        return;
    }
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    tree.expect_running();
    let before = tree.bad();
    for (program, code, words) in peers {
        let peer =
            Command::new(Path::new("/usr/bin").join(program)).arg("bad").current_dir(&tree.path).output().unwrap();
        let said = String::from_utf8(peer.stderr).unwrap();
        assert_eq!((peer.status.code(), said.as_str()), (Some(code), words), "{program}");
        assert_eq!(tree.bad(), before, "{program}");
    }
}

/// FIFOs that were replaced by a file, a link or a directory's worth of nothing are made again; what a link led to is not
/// touched.
#[test]
fn replaced_fifos() {
    for fifo in ["supervise/control", "supervise/ok"] {
        for by_link in [false, true] {
            let tree = Neighbours::of(|scene| {
                scene.file("bad/run", SLEEP).file("precious", "text").file("bad/supervise/x", "");
                let path = scene.path.join("bad").join(fifo);
                if by_link {
                    symlink(scene.path.join("precious"), path).unwrap();
                } else {
                    fs::write(path, "text").unwrap();
                }
            });
            tree.expect_running();
            assert!(fs::symlink_metadata(tree.path.join("bad").join(fifo)).unwrap().file_type().is_fifo(), "{fifo}");
            assert_eq!(tree.text("precious"), "text");
        }
    }
}

/// A file where the directory `supervise` ought to be is told, and the service runs when it has gone.
#[test]
fn file_instead_of_supervise() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP).file("bad/supervise", "");
    });
    tree.expect_message("supervise: fatal: unable to open bad/supervise/lock: not a directory");
    fs::remove_file(tree.path.join("bad/supervise")).unwrap();
    tree.expect_running();
}

/// A record that is a directory cannot be replaced: that is told, and the service runs all the same.
#[test]
fn record_that_cannot_be_replaced() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP).file("bad/supervise/status/x", "");
    });
    tree.expect_message("supervise bad: warning: unable to write supervise/status: is a directory");
    fs::remove_dir_all(tree.path.join("bad/supervise/status")).unwrap();
    tree.letters("bad/supervise/control", "p");
    let record = tree.await_record("bad", |status| status.paused);
    assert!(record.phase == Phase::Run && is_alive(record.pid));
}

/// Garbage in the record of a predecessor is no record.
#[test]
fn garbage_record() {
    for size in [0, 1, 18, 35, 63, 64, 65, 5000] {
        let tree = Neighbours::of(|scene| {
            scene.file("bad/run", SLEEP).file("bad/supervise/x", "");
            fs::write(scene.path.join("bad/supervise/status"), vec![0xa5; size]).unwrap();
        });
        tree.expect_running();
        assert_eq!(tree.text("messages"), "", "{size}");
    }
}

/// Garbage in `control`, however much of it, means nothing; letters among it mean what they mean.
#[test]
fn garbage_in_control() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    let garbage: Vec<u8> = (0..=255).filter(|byte: &u8| !byte.is_ascii_alphanumeric()).collect();
    let path = tree.path.join("bad/supervise/control");
    let mut control = OpenOptions::new().write(true).custom_flags(0).open(path).unwrap();
    for _ in 0..200 {
        control.write_all(&garbage).unwrap();
    }
    control.write_all(b"\0p\xff").unwrap();
    let record = tree.await_record("bad", |status| status.paused);
    assert_eq!((record.pid, record.phase), (pid, Phase::Run));
    control.write_all(&garbage).unwrap();
    control.write_all(b"c").unwrap();
    tree.await_record("bad", |status| !status.paused && status.pid == pid);
    assert_eq!(tree.text("messages"), "");
}

/// The same for the scanner.
#[test]
fn garbage_in_the_scanners_control() {
    let tree = Neighbours::new();
    let garbage: String = (0..128u8).filter(|byte| !byte.is_ascii_alphanumeric()).map(char::from).collect();
    tree.letters("scan/.svscan/control", &garbage.repeat(500));
    tree.file("bad/run", SLEEP);
    scene::link(&tree, "bad");
    tree.letters("scan/.svscan/control", "\u{1}a");
    tree.expect_running();
    assert_eq!(tree.text("messages"), "");
}
