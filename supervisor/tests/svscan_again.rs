//! What a scanner does after its own crash, or after its predecessor's death.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use nix::fcntl::{Flock, FlockArg};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use scene::{SLEEP, Scene, command, is_alive, link, make_fifo, open_fifo, supervise_of, svscan, wait_until};
use supervisor::status::Phase;
use supervisor::sys::files::O_NONBLOCK;
use supervisor::sys::proc::start_ticks;
use supervisor::sys::process::kill;

/// Two services, one with a logger whose lines are numbered, all running below `svscan`.
fn two_services(scene: &mut Scene, arguments: &[&str]) -> u32 {
    scene.file("a/run", SLEEP).file("b/go", "");
    fs::remove_file(scene.path.join("b/go")).unwrap();
    make_fifo(&scene.path.join("b/go"));
    scene.file("b/run", "#!/bin/sh\nwhile :; do read n < go && echo line $n; done\n");
    scene.file("b/log/run", "#!/bin/sh\nexec cat >> ../out\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(scene, "a");
    link(scene, "b");
    let svscan = svscan(scene, arguments);
    say(scene, "1");
    scene.await_text("b/out", |text| text == "line 1\n");
    svscan
}

/// Has the service of [`two_services`] write a line.
fn say(scene: &Scene, word: &str) {
    wait_until("the service", || {
        std::io::Write::write_all(&mut open_fifo(&scene.path.join("b/go"))?, format!("{word}\n").as_bytes()).ok()
    });
}

/// Pids of supervises and services.
fn pids(scene: &Scene) -> Vec<u32> {
    let services = ["a", "b", "b/log"].map(|service| {
        let supervise = supervise_of(scene, service);
        [supervise, scene.record(service).unwrap().pid]
    });
    services.concat()
}

/// The pipe between `b` and its logger, as its supervise has it.
fn log_pipe(scene: &Scene) -> std::path::PathBuf {
    fs::read_link(format!("/proc/{}/fd/1", supervise_of(scene, "b"))).unwrap()
}

/// No descriptor that a process has of the pipe refuses to wait.
fn blocks(pid: u32, pipe: &Path) -> bool {
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let mut ends = fds.filter(|fd| fs::read_link(fd.path()).is_ok_and(|link| link == pipe));
    ends.all(|end| {
        let path = format!("/proc/{pid}/fdinfo/{}", end.file_name().display());
        let info = fs::read_to_string(path).unwrap_or_default();
        let flags = info.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
        flags.is_some_and(|flags| flags & O_NONBLOCK == 0)
    })
}

/// svscan has both ends of a pipe.
fn holds(svscan: u32, pipe: &Path) -> bool {
    let fds = fs::read_dir(format!("/proc/{svscan}/fd")).unwrap();
    fds.filter(|fd| fs::read_link(fd.as_ref().unwrap().path()).is_ok_and(|link| link == pipe)).count() == 2
}

/// After a crash svscan is executed again in the same process: every pid, the pipe and the log stay, another crash is no
/// worse, and what dies then is brought back as ever.
#[test]
fn crash_costs_nothing() {
    let mut scene = Scene::new();
    let svscan = two_services(&mut scene, &["scan"]);
    let (before, pipe) = (pids(&scene), log_pipe(&scene));
    let message = "svscan: warning: crashed and was executed again\n";
    for (number, signal) in [11, 7, 4, 8, 6].into_iter().enumerate() {
        kill(svscan, signal).unwrap();
        scene.await_text("messages", |text| text == message.repeat(number + 1));
        wait_until("the pipe", || holds(svscan, &pipe).then_some(()));
        assert_eq!(fs::read(scene.path.join("scan/.svscan/status")).unwrap()[34..36], [number as u8 + 1, 0]);
    }
    assert_eq!(pids(&scene), before);
    assert_eq!(log_pipe(&scene), pipe);
    // The logger and its supervise end: only svscan's end keeps the line that is written now.
    let logger = before[5];
    scene.letters("b/log/supervise/control", "dx");
    wait_until("the logger's return", || {
        scene.record("b/log").filter(|status| status.phase == Phase::Run && status.pid != logger)
    });
    say(&scene, "2");
    scene.await_text("b/out", |text| text == "line 1\nline 2\n");
    kill(before[0], 9).unwrap();
    scene.await_text("messages", |text| {
        text.ends_with(&format!("supervise a: info: going on with pid {}\n", before[1]))
    });
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert!(!scene.is_supervised("a") && !scene.is_supervised("b") && !scene.is_supervised("b/log"));
}

/// `R` executes svscan again on purpose, without a word; a directory that was linked meanwhile is seen.
#[test]
fn executes_again() {
    let mut scene = Scene::new();
    let svscan = two_services(&mut scene, &["-t", "0", "scan"]);
    let before = pids(&scene);
    scene.file("c/run", SLEEP);
    link(&scene, "c");
    scene.letters("scan/.svscan/control", "R");
    scene.await_record("c", |status| status.phase == Phase::Run);
    assert_eq!(pids(&scene), before);
    assert_eq!(scene.text("messages"), "");
    assert!(is_alive(svscan));
}

/// `R` makes svscan forget nothing that it was told with it.
#[test]
fn executes_again_last() {
    let mut scene = Scene::new();
    scene.file("scan/.svscan/finish", "#!/bin/sh\nexec echo finished >finished\n");
    let svscan = svscan(&mut scene, &["-t", "0", "scan"]);
    scene.letters("scan/.svscan/control", "Rb");
    assert_eq!(scene.await_text("scan/finished", |text| text.ends_with('\n')), "finished\n");
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// The limits of children and the closed pipes outlive a crash; readiness is told once.
#[test]
fn crash_forgets_nothing() {
    let mut scene = Scene::new();
    let fifo = scene.path.join("log.fifo");
    make_fifo(&fifo);
    scene.file("a/run", "#!/bin/sh\nulimit -n > told\nulimit -Hn >> told\nexec sleep 1000\n");
    let mut command = command(&scene, &["scan"]);
    let reader = fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    command.stderr(Stdio::from(fs::OpenOptions::new().write(true).open(&fifo).unwrap()));
    command.env("SUNUP_NOFILE", "333:444");
    let svscan = scene.spawn(command);
    scene.letters("scan/.svscan/control", "F");
    wait_until("holding", || fs::read(scene.path.join("scan/.svscan/status")).ok().filter(|bytes| bytes[32] == 1));
    drop(reader);
    kill(svscan, 11).unwrap();
    link(&scene, "a");
    assert_eq!(scene.await_text("a/told", |text| text.lines().count() == 2), "333\n444\n");
    wait_until("the held end", || open_fifo(&fifo));
    scene.letters("scan/.svscan/control", "E");
    wait_until("the end of holding", || open_fifo(&fifo).is_none().then_some(()));
    scene.letters("scan/.svscan/control", "R");
    scene.letters("scan/.svscan/control", "z");
    assert_eq!(fs::read(scene.path.join("scan/.svscan/status")).unwrap()[32], 2);
}

/// The successor of a killed svscan takes the supervises over although they are no children of its own, and the pipe.
#[test]
fn successor_adopts() {
    let mut scene = Scene::new();
    let first = two_services(&mut scene, &["scan"]);
    let (before, pipe) = (pids(&scene), log_pipe(&scene));
    kill(first, 9).unwrap();
    scene.wait(first);
    let second = svscan(&mut scene, &["scan"]);
    wait_until("the pipe", || holds(second, &pipe).then_some(()));
    // Whoever gets it next must not be told that it is full, or empty.
    wait_until("a pipe that blocks", || blocks(second, &pipe).then_some(()));
    kill(before[0], 9).unwrap();
    scene.await_text("messages", |text| text == format!("supervise a: info: going on with pid {}\n", before[1]));
    say(&scene, "2");
    scene.await_text("b/out", |text| text == "line 1\nline 2\n");
    assert_eq!(pids(&scene)[1..], before[1..]);
    kill(second, 15).unwrap();
    assert_eq!(scene.wait(second).code(), Some(0));
    assert!(!scene.is_supervised("a") && !scene.is_supervised("b") && !scene.is_supervised("b/log"));
}

/// A process of somebody else's that is called supervise and stands in a service directory looks after nothing.
#[test]
fn impostor() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return skip::skip("only root can be somebody else");
    }
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene::executable::copy("/bin/sleep", scene.path.join("supervise"));
    let mut impostor = scene.command("../supervise", &["1000"]);
    impostor.current_dir(scene.path.join("a")).uid(65534).gid(65534);
    // The first one, because svscan meets them by their numbers.
    let impostor = scene.spawn(impostor);
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["scan"]);
    let service = scene.await_record("a", |status| status.phase == Phase::Run).pid;
    let supervise = supervise_of(&scene, "a");
    kill(svscan, 11).unwrap();
    scene.await_text("messages", |text| text == "svscan: warning: crashed and was executed again\n");
    kill(supervise, 9).unwrap();
    scene.await_text("messages", |text| text.ends_with(&format!("supervise a: info: going on with pid {service}\n")));
    assert!(is_alive(impostor));
}

/// A successor that has no descriptors to look with starts nothing and makes no pipe; it takes over once it has some.
#[test]
fn successor_without_descriptors() {
    let mut scene = Scene::new();
    let first = two_services(&mut scene, &["scan"]);
    let (before, pipe) = (pids(&scene), log_pipe(&scene));
    kill(first, 9).unwrap();
    scene.wait(first);
    // So many that it can begin, and no more: with fewer it says why it cannot, and ends.
    let second = (5..12).find_map(|limit| limited(&mut scene, limit, 100)).expect("a fitting limit");
    scene.letters("scan/.svscan/control", "a");
    assert!(!holds(second, &pipe));
    limit_descriptors(second, 1000);
    wait_until("the pipe", || holds(second, &pipe).then_some(()));
    say(&scene, "2");
    scene.await_text("b/out", |text| text == "line 1\nline 2\n");
    assert_eq!(pids(&scene), before);
    kill(second, 15).unwrap();
    assert_eq!(scene.wait(second).code(), Some(0));
    let messages = scene.text("messages");
    assert_eq!(messages.lines().filter(|line| *line == BLIND).count(), 1, "{messages}");
    assert!(!scene.is_supervised("a") && !scene.is_supervised("b") && !scene.is_supervised("b/log"));
}

/// What a successor says that cannot look.
const BLIND: &str = "svscan: warning: unable to look for supervises: process cannot open more files (next try in 1 s)";

/// An svscan with so few descriptors from when it asks for the lock, if it can begin but not look. So many are tried until one
/// is stopped in time.
fn limited(scene: &mut Scene, limit: u32, tries: u32) -> Option<u32> {
    let said = scene.text("messages").len();
    let lock = fs::File::open(scene.path.join("scan/.svscan/lock")).unwrap();
    let lock = Flock::lock(lock, FlockArg::LockExclusive).unwrap();
    let pid = svscan(scene, &["scan"]);
    let has_ended = || start_ticks(pid).is_none();
    let asks = || {
        let mut fds = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        fds.any(|fd| fs::read_link(fd.unwrap().path()).is_ok_and(|link| link.ends_with(".svscan/lock"))).then_some(())
    };
    wait_until("its lock", || asks().or_else(|| has_ended().then_some(())));
    kill(pid, 19).unwrap();
    limit_descriptors(pid, limit);
    drop(lock);
    kill(pid, 18).unwrap();
    let is_blind = || scene.text("messages").contains(BLIND).then_some(true);
    if wait_until("its beginning", || is_blind().or_else(|| has_ended().then_some(false))) {
        return Some(pid);
    }
    // It was stopped too late if it gave up because of the lock.
    if !scene.text("messages")[said..].contains("unable to acquire") {
        return None;
    }
    assert!(tries > 1, "no svscan was stopped in time");
    limited(scene, limit, tries - 1)
}

/// The soft limit of a process.
fn limit_descriptors(pid: u32, limit: u32) {
    let arguments = [format!("--pid={pid}"), format!("--nofile={limit}:")];
    // It may have ended.
    let _ = Command::new("prlimit").args(arguments).stderr(Stdio::null()).status().unwrap();
}
