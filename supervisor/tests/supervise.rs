//! supervise with real processes.

mod scene;

use std::fs;
use std::io::Write;

use scene::{SLEEP, Scene, is_alive, make_fifo, open_fifo, wait_until};
use supervisor::status::{LastExit, Phase, Want};
use supervisor::sys::process::kill;

/// A service comes up with its name as argument, in a session of its own, and its record is right.
#[test]
fn starts() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho \"$0 $1\" > told\nexec sleep 1000\n");
    scene.supervise(&["a"]);
    let status = scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!((status.want, status.deaths, status.last_exit), (Want::Up, 0, LastExit::None));
    assert!(status.normally_up && !status.ready && status.start_ticks > 0 && status.changed_boot_ns > 0);
    assert_eq!(scene.await_text("a/told", |text| text.ends_with('\n')), "./run a\n");
    let stat = fs::read_to_string(format!("/proc/{}/stat", status.pid)).unwrap();
    let session = stat.rsplit(')').next().unwrap().split(' ').nth(4).unwrap();
    assert_eq!(session, status.pid.to_string());
}

/// A crash is counted and made good.
#[test]
fn restarts() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first.pid, 11).unwrap();
    let second = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != first.pid);
    assert_eq!((second.deaths, second.last_exit.signal()), (1, Some(11)));
}

/// What cannot be run costs a message a second, and comes up as soon as it can.
#[test]
fn exec_failure() {
    let mut scene = Scene::new();
    scene.file("a/run", "not executable");
    scene.supervise(&["a"]);
    let messages = scene.await_text("messages", |text| text.ends_with('\n'));
    let first = "supervise a: warning: unable to run ./run: access denied (next try in 1 s)";
    assert_eq!(messages.lines().next(), Some(first));
    // Each try is a process for a moment.
    let status = scene.await_record("a", |status| status.deaths > 0 && status.pid == 0);
    assert_eq!((status.phase, status.last_exit.code()), (Phase::Down, Some(126)));
    scene.file("a/run", SLEEP);
    scene.await_record("a", |status| status.phase == Phase::Run);
}

/// A `down` file keeps it down; `u`, `d`, `o` and `x` do what they say.
#[test]
fn obeys() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/down", "");
    let supervise = scene.supervise(&["a"]);
    let status = scene.await_record("a", |_| true);
    assert_eq!((status.want, status.normally_up, status.pid), (Want::Down, false, 0));
    scene.letters("a/supervise/control", "u");
    let up = scene.await_record("a", |status| status.phase == Phase::Run);
    scene.letters("a/supervise/control", "p");
    scene.await_record("a", |status| status.paused);
    scene.letters("a/supervise/control", "d");
    let down = scene.await_record("a", |status| status.pid == 0);
    assert_eq!((down.want, down.last_exit.signal(), down.deaths), (Want::Down, Some(15), 0));
    assert!(!is_alive(up.pid));
    scene.letters("a/supervise/control", "o");
    let once = scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(once.want, Want::Once);
    scene.letters("a/supervise/control", "x");
    kill(once.pid, 9).unwrap();
    assert_eq!(scene.wait(supervise).code(), Some(0));
    assert!(!scene.is_supervised("a"));
}

/// TERM makes supervise end its service and leave.
#[test]
fn terminates() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("b/run", SLEEP);
    let supervise = scene.supervise(&["a", "b"]);
    let pids = ["a", "b"].map(|name| scene.await_record(name, |status| status.phase == Phase::Run).pid);
    kill(supervise, 15).unwrap();
    assert_eq!(scene.wait(supervise).code(), Some(0));
    assert!(!pids.into_iter().any(is_alive));
}

/// A second supervise is refused, in daemontools' words.
#[test]
fn second_is_refused() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    let second = scene.supervise(&["a"]);
    assert_eq!(scene.wait(second).code(), Some(111));
    assert_eq!(scene.text("messages"), "supervise: fatal: unable to acquire a/supervise/lock: temporary failure\n");
}

/// A newline on the descriptor that `notification-fd` names makes it ready.
#[test]
fn readiness() {
    let mut scene = Scene::new();
    scene.file("a/notification-fd", "7\n").file("a/run", "#!/bin/sh\nread go < go\necho >&7\nexec sleep 1000\n");
    make_fifo(&scene.path.join("a/go"));
    scene.supervise(&["a"]);
    let status = scene.await_record("a", |status| status.phase == Phase::Run);
    assert!(!status.ready && status.ready_since.is_never());
    wait_until("the service", || open_fifo(&scene.path.join("a/go"))?.write_all(b"go\n").ok());
    let status = scene.await_record("a", |status| status.ready);
    assert!(status.ready_since >= status.changed);
}

/// `finish` gets code, signal, name and group; 125 ends the service for good and wakes another.
#[test]
fn finish() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\nexit 3\n").file("a/wakes", "../b\n");
    scene.file("a/finish", "#!/bin/sh\necho \"$@\" >> told\nexit 125\n");
    scene.file("b/run", SLEEP).file("b/down", "");
    scene.supervise(&["b", "a"]);
    let status = scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
    assert_eq!((status.want, status.last_exit.code(), status.deaths), (Want::Down, Some(3), 1));
    let told = scene.text("a/told");
    let mut words = told.split_whitespace();
    assert_eq!([words.next(), words.next(), words.next()], [Some("3"), Some("0"), Some("a")]);
    assert!(words.next().unwrap().parse::<u32>().unwrap() > 1);
    scene.await_record("b", |status| status.phase == Phase::Run);
}

/// What stands in the place of the FIFO of the service that is to be waked is not written to, and that is said.
#[test]
fn wakes_no_file() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\n").file("a/wakes", "../b\n").file("a/finish", "#!/bin/sh\nexit 125\n");
    scene.file("b/supervise/control", "text");
    scene.supervise(&["a"]);
    scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
    let said = "supervise a: warning: unable to wake ../b/supervise/control: not a FIFO\n";
    assert_eq!(scene.await_text("messages", |text| !text.is_empty()), said);
    assert_eq!(scene.text("b/supervise/control"), "text");
}

/// `timeout-kill` ms after `d` a service that ignores TERM is killed; with kill-mode cgroup its whole group is.
#[test]
fn timeout_kill() {
    let mut scene = Scene::new();
    scene.file("a/timeout-kill", "50").file("a/kill-mode", "cgroup\n");
    scene.file("a/run", "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $! > child\nwhile :; do wait; done\n");
    scene.supervise(&["a"]);
    let child = scene.await_text("a/child", |text| text.ends_with('\n')).trim().parse().unwrap();
    scene.letters("a/supervise/control", "d");
    let status = scene.await_record("a", |status| status.pid == 0 && status.want == Want::Down);
    assert_eq!(status.last_exit.signal(), Some(9));
    wait_until("the child's end", || (!is_alive(child)).then_some(()));
}

/// The leaf that `cgroup` names is made, entered, and emptied when `run` has ended.
#[test]
fn control_group() {
    let mut scene = Scene::new();
    let leaf = scene.path.join("leaf");
    scene.file("leaf/cgroup.procs", "").file("leaf/cgroup.kill", "");
    scene.file("a/cgroup", leaf.to_str().unwrap()).file("a/kill-mode", "cgroup").file("a/run", SLEEP);
    scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(scene.text("leaf/cgroup.procs"), "0");
    assert_eq!(scene.text("leaf/cgroup.kill"), "");
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0);
    assert_eq!(scene.text("leaf/cgroup.kill"), "1");
}

/// The FIFO of `stdin-fifo` is the service's input, and what was written while it was down is not lost.
#[test]
fn stdin_fifo() {
    let mut scene = Scene::new();
    make_fifo(&scene.path.join("in"));
    scene.file("a/stdin-fifo", "../in\n").file("a/run", "#!/bin/sh\nread line\necho \"$line\" >> out\n");
    // Without any writer the service would meet the end of its input at once.
    let mut writer = fs::OpenOptions::new().read(true).write(true).open(scene.path.join("in")).unwrap();
    scene.supervise(&["a"]);
    writer.write_all(b"one\n").unwrap();
    scene.await_text("a/out", |text| text == "one\n");
    writer.write_all(b"two\n").unwrap();
    scene.await_text("a/out", |text| text == "one\ntwo\n");
}

/// After supervise's own death its successor goes on with the same process; that one's unseen end is unknown.
#[test]
fn adoption() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let first = scene.supervise(&["a"]);
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first, 9).unwrap();
    scene.wait(first);
    scene.supervise(&["a"]);
    let message = format!("supervise a: info: going on with pid {}\n", before.pid);
    scene.await_text("messages", |text| text == message);
    assert_eq!(scene.record("a").unwrap().pid, before.pid);
    kill(before.pid, 15).unwrap();
    let after = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != before.pid);
    assert_eq!((after.last_exit, after.deaths), (LastExit::Unknown, 1));
}

/// A successor keeps a service down that was told to be, and an orderly end forgets that.
#[test]
fn wants_survive_death_only() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let first = scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0);
    kill(first, 9).unwrap();
    scene.wait(first);
    let second = scene.supervise(&["a"]);
    scene.letters("a/supervise/control", "x");
    scene.wait(second);
    assert_eq!(scene.record("a").unwrap().want, Want::Down);
    scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
}

/// Wrong usage is 100, a directory that is not there 111.
#[test]
fn refusals() {
    let mut scene = Scene::new();
    let usage = scene.supervise(&[]);
    assert_eq!(scene.wait(usage).code(), Some(100));
    let absent = scene.supervise(&["nowhere"]);
    assert_eq!(scene.wait(absent).code(), Some(111));
    let expected = "supervise: usage: supervise dir\n\
                    supervise: fatal: unable to chdir to nowhere: file does not exist\n";
    assert_eq!(scene.text("messages"), expected);
}

/// A service that ended while nobody looked after it has died of an unknown cause; its finish is run.
#[test]
fn unseen_end() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/finish", "#!/bin/sh\necho \"$1 $2 $3\" > told\n").file("a/restart", "never\n");
    let first = scene.supervise(&["a"]);
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first, 9).unwrap();
    scene.wait(first);
    kill(before.pid, 9).unwrap();
    wait_until("its end", || (!is_alive(before.pid)).then_some(()));
    scene.supervise(&["a"]);
    let after = scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
    assert_eq!((after.last_exit, after.deaths), (LastExit::Unknown, 1));
    assert_eq!(scene.text("a/told"), "111 0 a\n");
}

/// A full disk costs messages, never the service or its supervise.
#[test]
fn full_disk() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["a"]);
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    // A directory in the record's way is as good as a full disk, and needs no mount.
    fs::create_dir(scene.path.join("a/supervise/status.new")).unwrap();
    kill(before.pid, 9).unwrap();
    let after = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != before.pid);
    assert_eq!(after.deaths, 1);
    let expected = "supervise a: warning: unable to write supervise/status: is a directory\n";
    assert_eq!(scene.text("messages").lines().next(), expected.lines().next());
}

/// A full log FIFO never makes supervise wait; what it could not say is counted and said later.
#[test]
fn full_log() {
    let mut scene = Scene::new();
    make_fifo(&scene.path.join("log"));
    let mut log = fs::OpenOptions::new().read(true).write(true).open(scene.path.join("log")).unwrap();
    let mut filler = open_fifo(&scene.path.join("log")).unwrap();
    let mut filled = 0;
    while let Ok(size) = filler.write(&[b'-'; 4096]) {
        filled += size;
    }
    scene.file("a/run", "not executable");
    let mut command = scene.command(scene::SUPERVISE, &["a"]);
    command.stderr(fs::OpenOptions::new().write(true).open(scene.path.join("log")).unwrap());
    scene.spawn(command);
    scene.await_record("a", |status| status.deaths >= 2);
    std::io::Read::read_exact(&mut log, &mut vec![0; filled]).unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(log));
    let mut line = || lines.next().unwrap().unwrap();
    let lost = line();
    assert!(lost.starts_with("supervise: warning: ") && lost.ends_with(" messages were lost"), "{lost}");
    assert!(line().starts_with("supervise a: warning: unable to run ./run: access denied (next try in "));
}

/// FIFOs where files should be never make it wait; files and links where its own FIFOs should be are replaced.
#[test]
fn foreign_directory() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/supervise/control", "garbage").file("elsewhere", "kept");
    std::os::unix::fs::symlink("../../elsewhere", scene.path.join("a/supervise/ok")).unwrap();
    for fifo in ["lock", "status.new"] {
        make_fifo(&scene.path.join("a/supervise").join(fifo));
    }
    for fifo in ["down-signal", "timeout-kill", "restart", "cgroup", "stdin-fifo", "notification-fd"] {
        make_fifo(&scene.path.join("a").join(fifo));
    }
    scene.supervise(&["a"]);
    scene.await_text("messages", |text| text.contains("unable to write supervise/status: device not configured"));
    fs::remove_file(scene.path.join("a/supervise/status.new")).unwrap();
    scene.letters("a/supervise/control", "o");
    let status = scene.await_record("a", |status| status.pid > 0);
    assert!(is_alive(status.pid));
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0 && status.want == Want::Down);
    assert_eq!(scene.text("elsewhere"), "kept");
    assert!(scene.is_supervised("a"));
}
