//! One supervise for several services, as svscan starts it.

mod scene;

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use scene::{SLEEP, SUPERVISE, Scene, is_alive, make_fifo_in, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// A service and its logger in one process: the pipe between them outlives both and supervise too.
#[test]
fn log_pipe() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho from $$\nexec sleep 1000\n");
    scene.file("a/log/run", "#!/bin/sh\nwhile read line; do echo \"$line\" >> got; done\n");
    let (reader, writer) = nix::unistd::pipe().unwrap();
    for end in [&reader, &writer] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    }
    let input = format!("--input={}", reader.as_raw_fd());
    let output = format!("--output={}", writer.as_raw_fd());
    let arguments = ["--group", &output, "a", &input, "a/log"];
    let first = scene.command(SUPERVISE, &arguments);
    let first = scene.spawn(first);
    let run = scene.await_record("a", |status| status.phase == Phase::Run);
    let log = scene.await_record("a/log", |status| status.phase == Phase::Run);
    scene.await_text("a/log/got", |text| text == format!("from {}\n", run.pid));
    // A shell has its script open.
    let name = format!("/proc/{}/comm", run.pid);
    wait_until("its program", || (fs::read_to_string(&name).ok()? == "sleep\n").then_some(()));
    for number in fs::read_dir(format!("/proc/{}/fd", run.pid)).unwrap() {
        let name = number.unwrap().file_name();
        assert!(["0", "1", "2"].contains(&name.to_str().unwrap()), "{name:?} was handed down");
    }
    kill(log.pid, 9).unwrap();
    scene.await_record("a/log", |status| status.phase == Phase::Run && status.pid != log.pid);
    kill(first, 9).unwrap();
    scene.wait(first);
    let second = scene.command(SUPERVISE, &arguments);
    scene.spawn(second);
    scene.await_text("messages", |text| text.matches("going on with pid").count() == 2);
    assert!(scene.text("messages").contains("supervise a/log: info: going on"));
    scene.letters("a/supervise/control", "k");
    let run = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != run.pid);
    scene.await_text("a/log/got", |text| text.ends_with(&format!("from {}\n", run.pid)));
}

/// One that is left costs the others nothing, and svscan is told to look again; the last one ends supervise.
#[test]
fn leaving_one() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("b/run", SLEEP);
    make_fifo_in(&scene, ".svscan/control");
    let mut control = OpenOptions::new().read(true).write(true).open(scene.path.join(".svscan/control")).unwrap();
    let command = scene.command(SUPERVISE, &["--group", "a", "b"]);
    let supervise = scene.spawn(command);
    let b = scene.await_record("b", |status| status.phase == Phase::Run);
    scene.letters("a/supervise/control", "dx");
    let mut letter = [0];
    control.read_exact(&mut letter).unwrap();
    assert_eq!(letter, *b"a");
    assert!(!scene.is_supervised("a") && scene.is_supervised("b") && is_alive(b.pid));
    let again = scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    kill(again, 15).unwrap();
    scene.wait(again);
    kill(supervise, 15).unwrap();
    assert_eq!(scene.wait(supervise).code(), Some(0));
    assert!(!is_alive(b.pid));
}

/// A directory that cannot be used costs a message and not the others.
#[test]
fn one_is_missing() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    scene.supervise(&["nowhere", "a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(scene.text("messages"), "supervise: fatal: unable to chdir to nowhere: file does not exist\n");
}

/// What goes into the background needs a supervise of its own.
#[test]
fn no_subreaper_among_several() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/subreaper", "").file("b/run", SLEEP);
    let command = scene.command(SUPERVISE, &["--group", "a", "b"]);
    scene.spawn(command);
    scene.await_record("a", |status| status.phase == Phase::Run);
    let said = "supervise a: warning: unable to follow it into the background: it is one of several\n";
    assert!(scene.text("messages").contains(said), "{}", scene.text("messages"));
}

/// Two hundred services take no more than 4 kB of private memory each.
#[test]
fn memory() {
    let mut scene = Scene::new();
    let names: Vec<_> = (0..200).map(|number| format!("s{number}")).collect();
    for name in &names {
        scene.file(&format!("{name}/run"), SLEEP).file(&format!("{name}/down"), "");
    }
    let mut arguments = vec!["--group"];
    arguments.extend(names.iter().map(String::as_str));
    let command = scene.command(SUPERVISE, &arguments);
    let supervise = scene.spawn(command);
    scene.await_record("s199", |_| true);
    let smaps = fs::read_to_string(format!("/proc/{supervise}/smaps_rollup")).unwrap();
    let private: usize = smaps
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .map(|line| line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap())
        .sum();
    // A debug build's own pages included.
    assert!(private <= 4 * names.len(), "{private} kB for {} services", names.len());
}
