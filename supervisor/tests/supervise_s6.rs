//! supervise with what s6's service directories have.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

use scene::{SLEEP, Scene, is_alive, make_fifo, wait_until};
use supervisor::status::{Phase, Want};
use supervisor::sys::process::kill;

/// A FIFO in `event/` hears every event, and one that nobody reads is removed. What is no FIFO is not written to.
#[test]
fn fifodir() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/notification-fd", "1\n").file("a/event/kept", "");
    scene.file("a/event/ftrig1-file", "");
    make_fifo(&scene.path.join("a/event/ftrig1-listener"));
    make_fifo(&scene.path.join("a/event/ftrig1-dead"));
    let listener = scene.path.join("a/event/ftrig1-listener");
    let flags = supervisor::sys::files::O_NONBLOCK as i32;
    let mut listener = fs::OpenOptions::new().read(true).custom_flags(flags).open(listener).unwrap();
    scene.file("a/run", "#!/bin/sh\necho\nexec sleep 1000\n");
    let supervise = scene.supervise(&["a"]);
    scene.await_record("a", |status| status.ready);
    scene.letters("a/supervise/control", "dx");
    scene.wait(supervise);
    let mut heard = String::new();
    listener.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "suUdDx");
    assert!(!scene.path.join("a/event/ftrig1-dead").exists() && scene.path.join("a/event/kept").exists());
    assert_eq!(fs::read_to_string(scene.path.join("a/event/ftrig1-file")).unwrap(), "");
}

/// The descriptor of `lock-fd` holds a lock that outlives the service's first process: no second one is started beside it.
#[test]
fn lock_descriptor() {
    let mut scene = Scene::new();
    scene.file("a/lock-fd", "8\n").file("a/run", "#!/bin/sh\nsleep 1000 &\necho $! >> left\nexit 0\n");
    scene.supervise(&["a"]);
    let held = "supervise a: warning: unable to start while another instance holds supervise/service-lock: \
                temporary failure (next try in 1 s)\n";
    scene.await_text("messages", |text| text.starts_with(held));
    let left = scene.text("a/left");
    assert_eq!(left.lines().count(), 1);
    kill(left.trim().parse().unwrap(), 9).unwrap();
    let left = scene.await_text("a/left", |text| text.lines().count() > 1);
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.want == Want::Down);
    left.lines().skip(1).for_each(|pid| _ = kill(pid.parse().unwrap(), 9));
}

/// With `flag-newpidns` the service is process 1 of its own world, and its record has the pid that others see.
#[test]
fn own_pids() {
    if !nix::unistd::Uid::effective().is_root() {
        return skip::skip("only root makes pid namespaces");
    }
    let mut scene = Scene::new();
    scene.file("a/flag-newpidns", "").file("a/run", "#!/bin/sh\necho $$ > pid\nexec sleep 1000\n");
    scene.supervise(&["a"]);
    let status = scene.await_record("a", |status| status.pid > 0);
    assert_eq!(scene.await_text("a/pid", |text| text.ends_with('\n')), "1\n");
    assert!(status.pid > 1 && is_alive(status.pid));
    scene.letters("a/supervise/control", "dk");
    scene.await_record("a", |status| status.pid == 0);
}

/// Every letter that is a signal sends it.
#[test]
fn signals() {
    let mut scene = Scene::new();
    scene.file("a/reload-signal", "USR2\n").file("a/down-signal", "INT\n").file(
        "a/run",
        "#!/bin/sh\nfor s in ALRM ABRT QUIT HUP USR1 USR2 TERM INT WINCH; do trap \"echo $s >> got\" $s; done\n\
         echo >> up\nwhile :; do sleep 0.01; done\n",
    );
    scene.supervise(&["a"]);
    scene.await_text("a/up", |text| !text.is_empty());
    let mut expected = String::new();
    for (letter, signal) in [
        ("a", "ALRM"),
        ("b", "ABRT"),
        ("q", "QUIT"),
        ("h", "HUP"),
        ("1", "USR1"),
        ("2", "USR2"),
        ("t", "TERM"),
        ("i", "INT"),
        ("y", "WINCH"),
        ("l", "USR2"),
        ("r", "INT"),
        ("d", "INT"),
    ] {
        scene.letters("a/supervise/control", letter);
        expected += signal;
        expected += "\n";
        scene.await_text("a/got", |text| text == expected);
    }
    scene.letters("a/supervise/control", "k");
    scene.await_record("a", |status| status.pid == 0);
}

/// `D`, `U` and `Q` keep the `down` file; `O` lets the service run to its end.
#[test]
fn normally() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let up = scene.await_record("a", |status| status.phase == Phase::Run);
    scene.letters("a/supervise/control", "D");
    let down = scene.await_record("a", |status| status.pid == 0);
    assert!(!down.normally_up && scene.path.join("a/down").exists() && !is_alive(up.pid));
    scene.letters("a/supervise/control", "U");
    let up = scene.await_record("a", |status| status.phase == Phase::Run);
    assert!(up.normally_up && !scene.path.join("a/down").exists());
    scene.letters("a/supervise/control", "O");
    scene.await_record("a", |status| status.want == Want::Once && status.normally_up);
    scene.letters("a/supervise/control", "u");
    scene.await_record("a", |status| status.want == Want::Up);
    scene.letters("a/supervise/control", "Q");
    scene.await_record("a", |status| status.want == Want::Once && !status.normally_up);
    assert!(is_alive(up.pid) && scene.path.join("a/down").exists());
    kill(up.pid, 9).unwrap();
    scene.await_record("a", |status| status.pid == 0);
}

/// `P`, `C` and `K` reach the whole process group.
#[test]
fn group_signals() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\nsleep 1000 &\necho $! > child\nwait\n");
    scene.supervise(&["a"]);
    let child: u32 = scene.await_text("a/child", |text| text.ends_with('\n')).trim().parse().unwrap();
    let state = |letter: char| {
        wait_until("the child's state", || {
            let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
            stat.rsplit(')').next()?.trim().starts_with(letter).then_some(())
        });
    };
    scene.letters("a/supervise/control", "P");
    state('T');
    scene.letters("a/supervise/control", "C");
    state('S');
    scene.letters("a/supervise/control", "OK");
    wait_until("the child's end", || (!is_alive(child)).then_some(()));
}

/// A `finish` that takes longer than `timeout-finish` is killed.
#[test]
fn finish_is_bounded() {
    let mut scene = Scene::new();
    scene.file("a/timeout-finish", "50\n").file("a/longest-rest", "50\n").file("a/run", "#!/bin/sh\nexit 0\n");
    // One that is killed before it says its number is followed by others.
    scene.file("a/finish", "#!/bin/sh\necho $$ >> finishes\nexec sleep 1000\n");
    scene.supervise(&["a"]);
    let finishes = scene.await_text("a/finishes", |text| text.contains('\n'));
    let finish = finishes.lines().next().unwrap().parse().unwrap();
    wait_until("its end", || (!is_alive(finish)).then_some(()));
    let deaths = scene.record("a").unwrap().deaths;
    let status = scene.await_record("a", |status| status.deaths > deaths);
    assert_eq!(status.last_exit.code(), Some(0));
}
