//! supervise with what runit's service directories have.

mod scene;

use scene::{Scene, is_alive, wait_until};
use supervisor::status::{Phase, Want};
use supervisor::sys::process::kill;

/// A run script that says when it is there, and what TERM did.
const TRAPPING: &str = "#!/bin/sh\ntrap 'echo TERM >> got' TERM\necho > up\nwhile :; do sleep 0.01; done\n";

/// A program `control/<letter>` that exits 0 takes the signal's place; one that does not, does not.
#[test]
fn custom_programs() {
    let mut scene = Scene::new();
    scene.file("a/run", TRAPPING).file("a/control/t", "#!/bin/sh\necho instead >> got\n");
    scene.supervise(&["a"]);
    scene.await_text("a/up", |text| !text.is_empty());
    scene.letters("a/supervise/control", "t");
    scene.await_text("a/got", |text| text == "instead\n");
    scene.file("a/control/t", "#!/bin/sh\necho also >> got\nexit 1\n");
    scene.letters("a/supervise/control", "t");
    scene.await_text("a/got", |text| text == "instead\nalso\nTERM\n");
    scene.letters("a/supervise/control", "dk");
    scene.await_record("a", |status| status.pid == 0);
}

/// `d` runs `control/t` and then `control/d`; supervise goes on meanwhile.
#[test]
fn custom_down() {
    let mut scene = Scene::new();
    scene.file("a/run", TRAPPING);
    scene
        .file("a/control/t", "#!/bin/sh\necho t >> got\nread go < go\n")
        .file("a/control/d", "#!/bin/sh\necho d >> got\n");
    scene::make_fifo(&scene.path.join("a/go"));
    scene.supervise(&["a"]);
    scene.await_text("a/up", |text| !text.is_empty());
    scene.letters("a/supervise/control", "d");
    scene.await_text("a/got", |text| text == "t\n");
    // It takes letters while the program waits.
    scene.letters("a/supervise/control", "p");
    scene.await_record("a", |status| status.paused && status.want == Want::Down);
    scene.letters("a/supervise/control", "c");
    scene::wait_until("the program", || {
        use std::io::Write;
        scene::open_fifo(&scene.path.join("a/go"))?.write_all(b"go\n").ok()
    });
    scene.await_text("a/got", |text| text == "t\nd\n");
    scene.letters("a/supervise/control", "k");
    scene.await_record("a", |status| status.pid == 0);
}

/// `control/u` comes before every start, which waits for it, and in runit's dialect `control/x` after the signal of an exit.
#[test]
fn custom_up_and_exit() {
    let mut scene = Scene::new();
    scene.file("a/dialect", "runit\n").file("a/run", "#!/bin/sh\necho run >> got\nexec sleep 1000\n");
    scene.file("a/control/u", "#!/bin/sh\necho u >> got\nread go < go\necho went >> got\nexit 1\n");
    scene.file("a/control/x", "#!/bin/sh\necho x >> got\n");
    scene::make_fifo(&scene.path.join("a/go"));
    let supervise = scene.supervise(&["a"]);
    let go = |scene: &Scene| {
        wait_until("the program", || {
            use std::io::Write;
            scene::open_fifo(&scene.path.join("a/go"))?.write_all(b"go\n").ok()
        });
    };
    scene.await_text("a/got", |text| text == "u\n");
    scene.await_record("a", |status| status.pid == 0);
    go(&scene);
    scene.await_text("a/got", |text| text == "u\nwent\nrun\n");
    // One that is not wanted any more when its program is done is not started.
    scene.letters("a/supervise/control", "k");
    scene.await_text("a/got", |text| text.ends_with("run\nu\n"));
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.want == Want::Down);
    go(&scene);
    scene.await_text("a/got", |text| text.ends_with("u\nwent\n"));
    let children = format!("/proc/{supervise}/task/{supervise}/children");
    wait_until("its end", || std::fs::read_to_string(&children).unwrap().is_empty().then_some(()));
    scene.letters("a/supervise/control", "u");
    scene.await_text("a/got", |text| text.ends_with("went\nu\n"));
    go(&scene);
    scene.await_text("a/got", |text| text.ends_with("went\nrun\n"));
    scene.letters("a/supervise/control", "x");
    assert_eq!(scene.wait(supervise).code(), Some(0));
    scene.await_text("a/got", |text| text == "u\nwent\nrun\nu\nwent\nu\nwent\nrun\nx\n");
}

/// In its dialect `finish` gets the exit code or -1 and the low byte of the wait status, `stat` and `pid` are kept, and `x` stops
/// the service too.
#[test]
fn dialect() {
    let mut scene = Scene::new();
    scene.file("a/dialect", "runit\n").file("a/run", "#!/bin/sh\nexec sleep 1000\n");
    scene.file("a/finish", "#!/bin/sh\necho \"$1 $2\" >> told\n");
    let supervise = scene.supervise(&["a"]);
    let up = scene.await_record("a", |status| status.phase == Phase::Run);
    scene.await_text("a/supervise/stat", |text| text == "run\n");
    assert_eq!(scene.text("a/supervise/pid"), format!("{}\n", up.pid));
    scene.letters("a/supervise/control", "p");
    scene.await_text("a/supervise/stat", |text| text == "run, paused\n");
    scene.letters("a/supervise/control", "k");
    scene.await_text("a/told", |text| text == "-1 9\n");
    scene.await_record("a", |status| status.phase == Phase::Run && status.pid != up.pid);
    scene.letters("a/supervise/control", "x");
    assert_eq!(scene.wait(supervise).code(), Some(0));
    assert_eq!(scene.text("a/told"), "-1 9\n-1 15\n");
    assert_eq!((scene.text("a/supervise/stat"), scene.text("a/supervise/pid")), ("down\n".into(), String::new()));
}

/// TERM to supervise stops the service once, and so do `d` and `x` together: whatever takes that signal's place, no other follows
/// it.
#[test]
fn one_stop() {
    for letters in ["", "dx"] {
        let mut scene = Scene::new();
        scene.file("a/dialect", "runit\n").file("a/run", TRAPPING);
        scene.file("a/control/t", "#!/bin/sh\necho instead >> got\nsleep 0.2\n");
        // It waits for the other, unless one waits already: then its signal is sent at once.
        scene.file("a/control/1", "#!/bin/sh\necho waited >> got\n");
        let supervise = scene.supervise(&["a"]);
        scene.await_text("a/up", |text| !text.is_empty());
        scene.await_record("a", |status| status.phase == Phase::Run);
        if letters.is_empty() {
            kill(supervise, 15).unwrap();
        } else {
            scene.letters("a/supervise/control", letters);
        }
        scene.await_text("a/got", |text| text == "instead\n");
        scene.letters("a/supervise/control", "1");
        scene.await_text("a/got", |text| text == "instead\nwaited\n");
        scene.letters("a/supervise/control", "k");
        assert_eq!(scene.wait(supervise).code(), Some(0), "{letters}");
        assert_eq!(scene.text("a/got"), "instead\nwaited\n", "{letters}");
    }
}

/// `check` is run again and again with `check-every`, and never without; when it exits 0, the service is ready.
#[test]
fn check() {
    let mut scene = Scene::new();
    scene.file("a/run", TRAPPING).file("a/check", "#!/bin/sh\necho >> checks\n[ -e works ]\n");
    scene.file("a/check-every", "20\n");
    scene.file("b/run", TRAPPING).file("b/check", "#!/bin/sh\necho >> checks\n");
    scene.supervise(&["a", "b"]);
    scene.await_text("a/checks", |text| text.len() >= 3);
    assert!(!scene.record("a").unwrap().ready);
    scene.file("a/works", "");
    scene.await_record("a", |status| status.ready);
    let (checks, other) = (scene.text("a/checks"), scene.record("b").unwrap());
    assert!(other.phase == Phase::Run && !other.ready && scene.text("b/checks").is_empty());
    assert!(is_alive(other.pid));
    scene.letters("a/supervise/control", "dk");
    scene.letters("b/supervise/control", "dk");
    scene.await_record("a", |status| status.pid == 0);
    assert_eq!(scene.text("a/checks"), checks, "a ready service is asked no more");
}

/// A check that hangs does not outlive the run that it was about.
#[test]
fn hanging_check() {
    let mut scene = Scene::new();
    scene.file("a/run", TRAPPING).file("a/check", "#!/bin/sh\necho $$ >> checks\nexec sleep 1000\n");
    scene.file("a/check-every", "20\n").file("a/restart", "never\n");
    scene.supervise(&["a"]);
    let check: u32 = scene.await_text("a/checks", |text| text.ends_with('\n')).trim().parse().unwrap();
    let up = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(up.pid, 9).unwrap();
    wait_until("the end of the check", || (!is_alive(check)).then_some(()));
}
