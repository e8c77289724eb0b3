//! How supervise starts a service again: at once, later and later, or never.

mod scene;

use std::fs;
use std::time::Instant;

use scene::{SLEEP, Scene};
use supervisor::status::{Phase, Want};
use supervisor::sys::process::kill;

/// One that loops is started after 1 s and then after 2 s, which is said.
#[test]
fn backs_off() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho >> starts\nexit 7\n");
    let begin = Instant::now();
    scene.supervise(&["a"]);
    scene.await_text("a/starts", |text| text.len() >= 3);
    assert!(begin.elapsed().as_secs() >= 3, "{:?}", begin.elapsed());
    let messages = scene.await_text("messages", |text| text.lines().count() >= 2);
    let expected = "supervise a: warning: ended with exit code 7 within a second (next try in 2 s)\n\
                    supervise a: warning: ended with exit code 7 within a second (next try in 4 s)\n";
    assert!(messages.starts_with(expected), "{messages}");
}

/// One that others wait for rests as long as it says at most, and nothing is said of rests that do not grow.
#[test]
fn longest_rest() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho >> starts\nexit 7\n").file("a/longest-rest", "200\n");
    let begin = Instant::now();
    scene.supervise(&["a"]);
    scene.await_text("a/starts", |text| text.len() >= 6);
    assert!(begin.elapsed().as_secs() >= 1, "{:?}", begin.elapsed());
    assert_eq!(scene.text("messages"), "");
}

/// `u` starts a resting service at once.
#[test]
fn up_ends_the_rest() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho >> starts\n[ -e stay ] && exec sleep 1000\nexit 7\n");
    scene.supervise(&["a"]);
    scene.await_text("messages", |text| text.contains("next try in 2 s"));
    scene.file("a/stay", "");
    // What is still resting when the second letter comes is not paused by it.
    scene.letters("a/supervise/control", "up");
    scene.await_record("a", |status| status.phase == Phase::Run && status.paused);
}

/// The deaths that `max-deaths` allows are counted within its time; then it stays down until `u`.
#[test]
fn too_many_deaths() {
    let mut scene = Scene::new();
    scene.file("a/max-deaths", "2 60000\n").file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first.pid, 9).unwrap();
    let second = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != first.pid);
    kill(second.pid, 9).unwrap();
    let down = scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
    assert_eq!((down.want, down.deaths), (Want::Down, 2));
    let expected = "supervise a: warning: ended by signal 9, too often (max-deaths 2 60000): down for good\n";
    assert_eq!(scene.await_text("messages", |text| text.contains("for good")), expected);
    scene.letters("a/supervise/control", "u");
    let third = scene.await_record("a", |status| status.phase == Phase::Run);
    assert!(!third.ended_for_good);
    kill(third.pid, 9).unwrap();
    scene.await_record("a", |status| status.phase == Phase::Run && status.pid != third.pid);
}

/// The tally has s6's records, and no more than `max-death-tally` says; ends that were asked for are not in it.
#[test]
fn death_tally() {
    let mut scene = Scene::new();
    scene.file("a/max-death-tally", "2\n").file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let mut pid = scene.await_record("a", |status| status.phase == Phase::Run).pid;
    for signal in [1, 3, 9] {
        kill(pid, signal).unwrap();
        scene.letters("a/supervise/control", "u");
        pid = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != pid).pid;
    }
    let tally = fs::read(scene.path.join("a/supervise/death_tally")).unwrap();
    assert_eq!(tally.len(), 28);
    assert_eq!((&tally[12..14], &tally[26..28]), (&[0, 3][..], &[0, 9][..]));
    assert!(tally[0] == 0x40 && tally[..12] <= tally[14..26]);
    scene.letters("a/supervise/control", "t");
    scene.await_record("a", |status| status.phase == Phase::Run && status.pid != pid);
    assert_eq!(fs::read(scene.path.join("a/supervise/death_tally")).unwrap(), tally);
}

/// A service that had been up for a second is back at once.
#[test]
fn back_at_once() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    // The time that it lives is what is tested.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    kill(first.pid, 9).unwrap();
    // The first record of its death has the next process already; one of a service that rests has none.
    let next = scene.await_record("a", |status| status.deaths == 1);
    assert!(next.pid != 0 && next.pid != first.pid, "{next:?}");
}
