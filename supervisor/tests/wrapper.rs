//! The supervise wrapper with real processes.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use scene::{SLEEP, SUPERVISE, SVSCAN, Scene, WRAPPER, switches, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// daemontools' scanner.
const DAEMONTOOLS: &str = "/usr/bin/svscan";

/// A run directory with the real supervise and the wrapper, and a scanner with these options in its environment.
fn scanner(scene: &Scene, program: &str, options: &[&str]) -> Command {
    for directory in ["run/bin", "run/wrapper", "scan"] {
        fs::create_dir_all(scene.path.join(directory)).unwrap();
    }
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    symlink(WRAPPER, scene.path.join("run/wrapper/supervise")).unwrap();
    let run = scene.path.join("run");
    let mut command = scene.command(program, options);
    command.arg("scan");
    let original = "/usr/bin:/bin";
    command.env("SUNUP_RUN", &run).env("SUPERVISE_PATH", original);
    command.env("PATH", format!("{0}/wrapper:{0}/bin:{original}", run.display()));
    command
}

/// While there is no flag the wrapper is supervise, and services get the original PATH.
#[test]
fn is_supervise() {
    let mut scene = Scene::new();
    let script = "#!/bin/sh\necho \"$PATH ${SUPERVISE_PATH-none}\" > told\nexec sleep 1000\n";
    scene.file("scan/a/run", script);
    let command = scanner(&scene, SVSCAN, &[]);
    scene.spawn(command);
    assert_eq!(scene.await_text("scan/a/told", |text| text.ends_with('\n')), "/usr/bin:/bin none\n");
}

/// Once the flag is there a service that was left is not started again, and its logger reads to the end.
#[test]
fn stops() {
    stops_under(SVSCAN, &[]);
}

/// The same holds under a scanner that knows nothing of it, and looks every five seconds.
#[test]
fn stops_under_daemontools() {
    if !Path::new(DAEMONTOOLS).exists() {
        return skip::skip("daemontools is missing");
    }
    stops_under(DAEMONTOOLS, &[]);
}

/// The same holds for services that have shared a supervise: none of them comes back with another one.
#[test]
fn stops_groups() {
    stops_under(SVSCAN, &["-g", "10"]);
}

fn stops_under(program: &str, options: &[&str]) {
    let mut scene = Scene::new();
    scene.file("scan/a/run", "#!/bin/sh\nread n < number\necho $n\necho $((n + 1)) > number\nexec sleep 1000\n");
    scene.file("scan/a/number", "1\n");
    scene.file("scan/a/log/run", "#!/bin/sh\nexec cat >> ../out\n");
    scene.file("scan/b/run", SLEEP);
    let command = scanner(&scene, program, options);
    let scanner = scene.spawn(command);
    scene.await_text("scan/a/out", |text| text == "1\n");
    scene.await_text("scan/a/number", |text| text == "2\n");
    scene.await_record("scan/b", |status| status.phase == Phase::Run);
    // The logger is away while the service writes once more; both are left.
    scene.letters("scan/a/log/supervise/control", "d");
    scene.await_record("scan/a/log", |status| status.pid == 0);
    scene.letters("scan/a/supervise/control", "t");
    scene.await_text("scan/a/number", |text| text == "3\n");
    scene.file("run/stopping", "");
    scene.letters("scan/b/supervise/control", "dx");
    scene.letters("scan/a/supervise/control", "dx");
    for service in ["scan/a", "scan/b"] {
        wait_until("its end", || (!scene.is_supervised(service)).then_some(()));
    }
    scene.letters("scan/a/log/supervise/control", "x");
    scene.await_text("scan/a/out", |text| text == "1\n2\n");
    assert!(!scene.is_supervised("scan/a") && !scene.is_supervised("scan/b"));
    kill(scanner, 15).unwrap();
    let end = scene.wait(scanner);
    assert!(end.code() == Some(0) || program == DAEMONTOOLS, "{end}");
}

/// With the flag an empty logger leaves, and one with a FIFO stays only while that holds something.
#[test]
fn leaves() {
    let mut scene = Scene::new();
    scene.file("run/stopping", "").file("log/run", SLEEP).file("catch-all/run", SLEEP);
    scene.file("catch-all/stdin-fifo", "../in\n");
    scene::make_fifo(&scene.path.join("in"));
    for service in ["log", "catch-all"] {
        let mut command = scene.command(WRAPPER, &[service]);
        command.env("SUNUP_RUN", scene.path.join("run")).stdin(std::process::Stdio::null());
        let wrapper = scene.spawn(command);
        assert_eq!(scene.wait(wrapper).code(), Some(0), "{service}");
        assert!(!scene.path.join(service).join("supervise").exists());
    }
}

/// A catch-all that is brought back for a message that came late reads it and leaves for good, with a logger that ends when
/// nothing is there; its FIFO always has a writer, so that it never meets an end of its input.
#[test]
fn late_message() {
    let mut scene = Scene::new();
    scene.file("run/stopping", "").file("run/bin/.keep", "").file("catch-all/stdin-fifo", "../in\n");
    scene.file("catch-all/run", "#!/bin/sh\nexec cat >> out 2> /dev/null\n");
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    scene::make_fifo(&scene.path.join("in"));
    let mut writer = fs::OpenOptions::new().read(true).write(true).open(scene.path.join("in")).unwrap();
    std::io::Write::write_all(&mut writer, b"late\n").unwrap();
    let mut command = scene.command(WRAPPER, &["catch-all"]);
    command.env("SUNUP_RUN", scene.path.join("run")).stdin(std::process::Stdio::null());
    let wrapper = scene.spawn(command);
    assert_eq!(scene.wait(wrapper).code(), Some(0));
    assert_eq!((scene.text("catch-all/out"), scene.text("messages")), ("late\n".into(), String::new()));
    assert!(!scene.is_supervised("catch-all"));
}

/// Even a logger that neither ends nor obeys does not keep its supervise.
#[test]
fn draining_ends() {
    let mut scene = Scene::new();
    scene.file("a/log/run", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n").file("run/stopping", "");
    fs::create_dir_all(scene.path.join("run/bin")).unwrap();
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    let (read, mut write) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut write, b"line\n").unwrap();
    let mut command = scene.command(WRAPPER, &["log"]);
    command.current_dir(scene.path.join("a")).env("SUNUP_RUN", scene.path.join("run")).stdin(read);
    let wrapper = scene.spawn(command);
    assert_eq!(scene.wait(wrapper).code(), Some(0));
    assert_eq!(scene.record("a/log").unwrap().last_exit.signal(), Some(9));
}

/// A run directory with `pair`, and the wrapper on `a` as runit's scanner calls it.
fn runsv(scene: &mut Scene) -> u32 {
    scene::executable::copy(env!("CARGO_BIN_EXE_dialect"), scene.path.join("run/bin/pair"));
    symlink(WRAPPER, scene.path.join("runsv")).unwrap();
    let mut command = scene.command(scene.path.join("runsv").to_str().unwrap(), &["a"]);
    command.env("SUNUP_RUN", scene.path.join("run")).stdin(std::process::Stdio::null());
    scene.spawn(command)
}

/// Called as runsv it is supervise in its own dialect, with the logger that runit's scanner leaves to it: once the service is
/// told to leave, the logger reads to the end, and the pair is gone.
#[test]
fn is_a_pair_for_runsvdir() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\ntrap 'seq 20000; exit 0' TERM\necho up\nwhile :; do sleep 0.05; done\n");
    scene.file("a/finish", "#!/bin/sh\necho $# $1 $2 > told\n").file("a/log/run", "#!/bin/sh\nexec cat >> ../out\n");
    scene.file("run/bin/.keep", "");
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    let pair = runsv(&mut scene);
    scene.await_text("a/out", |text| text == "up\n");
    scene.letters("a/supervise/control", "k");
    scene.await_text("a/out", |text| text == "up\nup\n");
    assert_eq!(scene.text("a/told"), "4 256 9\n");
    scene.letters("a/supervise/control", "dx");
    assert_eq!(scene.wait(pair).code(), Some(0));
    assert_eq!((scene.text("a/out").lines().count(), scene.is_supervised("a/log")), (20_002, false));
}

/// Nothing ends a pair but its service: not a supervise that cannot be started, nor a logger that is told to leave, which comes
/// back. Between such events it sleeps.
#[test]
fn a_pair_stays() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\necho up\nexec sleep 1000\n").file("a/log/run", "#!/bin/sh\nexec cat >> ../out\n");
    let pair = runsv(&mut scene);
    let lacking = ["a/log", "a"]
        .map(|service| format!("pair a: warning: unable to start supervise for {service}: file does not exist\n"));
    scene.await_text("messages", |text| text.starts_with(&lacking.concat()));
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    scene.await_text("a/out", |text| text == "up\n");
    let logger = scene.record("a/log").unwrap().pid;
    scene.letters("a/log/supervise/control", "dx");
    scene.await_record("a/log", |status| status.phase == Phase::Run && status.pid != logger);
    let begin = switches(pair);
    for expected in ["up\nup\n", "up\nup\nup\n"] {
        scene.letters("a/supervise/control", "k");
        scene.await_text("a/out", |text| text == expected);
    }
    // The second start came a second after the first.
    assert!(switches(pair) - begin < 10, "{begin} {}", switches(pair));
    scene.letters("a/supervise/control", "dx");
    assert_eq!(scene.wait(pair).code(), Some(0));
}

/// TERM ends a pair with its service also while that has no supervise, since somebody has killed it, and the next one too. Until
/// its logger has read everything, nobody seems to supervise the service.
#[test]
fn a_pair_leaves_no_service_behind() {
    let mut scene = Scene::new();
    scene.file("run/bin/.keep", "").file("a/finish", "#!/bin/sh\necho $1 $2\n");
    scene.file("a/run", "#!/bin/sh\ntrap 'echo TERM >> ../got' TERM\necho up\nwhile :; do sleep 0.01; done\n");
    scene.file("a/log/run", "#!/bin/sh\ncat >> ../out\nread go < ../go\n");
    scene::make_fifo(&scene.path.join("a/go"));
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    let pair = runsv(&mut scene);
    scene.await_text("a/out", |text| text == "up\n");
    let service = scene.await_record("a", |status| status.phase == Phase::Run).pid;
    let logger = scene::supervise_of(&scene, "a/log");
    kill(scene::supervise_of(&scene, "a"), 9).unwrap();
    kill(pair, 15).unwrap();
    scene.await_text("got", |text| text == "TERM\n");
    kill(child_besides(pair, logger), 9).unwrap();
    scene.await_text("got", |text| text == "TERM\nTERM\n");
    scene.letters("a/supervise/control", "k");
    // How it has ended only its own supervise would know.
    scene.await_text("a/out", |text| text == "up\n111 0\n");
    wait_until("nobody listens", || scene::open_fifo(&scene.path.join("a/supervise/control")).is_none().then_some(()));
    assert!(!scene::is_alive(service) && !scene.is_supervised("a"));
    kill(pair, 15).unwrap();
    let mut go = fs::OpenOptions::new().read(true).write(true).open(scene.path.join("a/go")).unwrap();
    std::io::Write::write_all(&mut go, b"\n").unwrap();
    assert_eq!(scene.wait(pair).code(), Some(0));
    assert!(!scene.is_supervised("a/log"));
}

/// The other child of a process that has two.
fn child_besides(parent: u32, known: u32) -> u32 {
    let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let children: Vec<u32> = text.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert!(children.len() == 2 && children.contains(&known), "{children:?} {known}");
    children.into_iter().find(|pid| *pid != known).unwrap()
}

/// TERM ends a pair also while its service has no supervise: another one holds the lock.
#[test]
fn a_pair_without_a_service_leaves() {
    let mut scene = Scene::new();
    scene.file("run/bin/.keep", "").file("a/run", SLEEP).file("a/log/run", "#!/bin/sh\nexec cat\n");
    symlink(SUPERVISE, scene.path.join("run/bin/supervise")).unwrap();
    scene.supervise(&["a"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    let pair = runsv(&mut scene);
    scene.await_record("a/log", |status| status.phase == Phase::Run);
    let refused = "supervise: fatal: unable to acquire a/supervise/lock: temporary failure\n";
    // It tries every second.
    scene.await_text("messages", |text| text.starts_with(refused));
    kill(pair, 15).unwrap();
    assert_eq!(scene.wait(pair).code(), Some(0));
    assert!(scene.is_supervised("a") && !scene.is_supervised("a/log"));
}
