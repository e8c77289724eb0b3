//! svscan with real processes.

mod scene;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use scene::{
    SLEEP, SVSCAN, Scene, command, is_alive, link, make_fifo, open_fifo, supervise_of, svscan, switches, wait_until,
};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// What is there comes up, what is linked later comes up as well, dot names never.
#[test]
fn watches_the_directory() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("b/run", SLEEP).file("scan/.hidden/run", SLEEP);
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["scan"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    link(&scene, "b");
    scene.await_record("b", |status| status.phase == Phase::Run);
    assert!(!scene.path.join("scan/.hidden/supervise").exists());
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert!(!scene.is_supervised("a") && !scene.is_supervised("b"));
    assert_eq!(scene.text("messages"), "");
}

/// With `-t 0` it scans when it is told to; `-d` tells that the first scan is done.
#[test]
fn scans_when_told() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let mut command = command(&scene, &["-t0", "-d3", "scan"]);
    // The shell gives descriptor 3 its place.
    command = {
        let mut shell = scene.command("sh", &["-c", "exec \"$0\" -t 0 -d 3 scan 3>ready"]);
        shell.arg(SVSCAN).envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        shell
    };
    scene.spawn(command);
    scene.await_text("ready", |text| text == "\n");
    link(&scene, "a");
    scene.letters("scan/.svscan/control", "?");
    assert!(!scene.path.join("a/supervise").exists());
    scene.letters("scan/.svscan/control", "a");
    scene.await_record("a", |status| status.phase == Phase::Run);
}

/// A service starts with no signal blocked or ignored, with descriptors 0, 1 and 2 only, and with the limits that
/// were there before stage 1 and svscan raised their own.
#[test]
fn services_start_clean() {
    let mut scene = Scene::new();
    let script = "#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status > told\nulimit -Sn >> told\nulimit -Hn >> told\n\
                  echo \"${SUNUP_NOFILE-none}\" >> told\nexec sleep 1000\n";
    scene.file("a/run", script);
    let mut command = command(&scene, &["scan"]);
    link(&scene, "a");
    command.env("SUNUP_NOFILE", "333:444");
    scene.spawn(command);
    let told = scene.await_text("a/told", |text| text.lines().count() == 5);
    assert_eq!(told, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n333\n444\nnone\n");
    let pid = scene.await_record("a", |status| status.phase == Phase::Run).pid;
    // The shell itself holds more, and so does what it becomes while it is being loaded; what is inherited stays.
    wait_until("a service with three descriptors", || {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let mut fds: Vec<_> = fds.filter_map(|fd| Some(fd.ok()?.file_name())).collect();
        fds.sort();
        (name == "sleep\n" && fds == ["0", "1", "2"]).then_some(())
    });
}

/// A dead supervise is replaced, and its service stays the process that it was.
#[test]
fn replaces_supervises() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    svscan(&mut scene, &["scan"]);
    let supervise = supervise_of(&scene, "a");
    let service = scene.record("a").unwrap().pid;
    kill(supervise, 9).unwrap();
    scene.await_text("messages", |text| text == format!("supervise a: info: going on with pid {service}\n"));
    assert!(is_alive(service));
    assert!(scene.is_supervised("a"));
}

/// The pipe to the logger outlives service and logger: no line is lost over either's restart.
#[test]
fn log_pipe_survives() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\nread n < number\necho line $n\necho $((n + 1)) > number\nexec sleep 1000\n");
    scene.file("a/number", "1\n");
    scene.file("a/log/run", "#!/bin/sh\nwhile read line; do echo \"$line\" >> ../out; done\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    svscan(&mut scene, &["scan"]);
    scene.await_text("a/out", |text| text == "line 1\n");
    scene.await_text("a/number", |text| text == "2\n");
    let logger = scene.await_record("a/log", |status| status.phase == Phase::Run);
    scene.letters("a/log/supervise/control", "d");
    scene.await_record("a/log", |status| status.pid == 0);
    assert!(!is_alive(logger.pid));
    scene.letters("a/supervise/control", "t");
    scene.await_text("a/number", |text| text == "3\n");
    scene.letters("a/log/supervise/control", "u");
    scene.await_text("a/out", |text| text == "line 1\nline 2\n");
}

/// On TERM the logger reads to the end of what its service has written, then ends.
#[test]
fn loggers_drain() {
    let mut scene = Scene::new();
    scene.file("a/run", "#!/bin/sh\ntrap 'kill -9 $!; seq 10000; exit' TERM\nsleep 1000 &\nwait $!\n");
    scene.file("a/log/run", "#!/bin/sh\nexec cat > ../out\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["scan"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    scene.await_record("a/log", |status| status.phase == Phase::Run);
    // The trap is set once the shell waits for its child.
    let shell = scene.record("a").unwrap().pid;
    wait_until("the shell's child", || {
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap_or_default();
        (!children.is_empty()).then_some(())
    });
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert_eq!(scene.text("a/out").lines().last(), Some("10000"));
    assert_eq!(scene.text("a/out").lines().count(), 10000);
}

/// What left the directory is ended by `n`, and not before.
#[test]
fn prunes() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    svscan(&mut scene, &["-t", "0", "scan"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    fs::remove_file(scene.path.join("scan/a")).unwrap();
    scene.letters("scan/.svscan/control", "n");
    scene.letters("scan/.svscan/control", "a");
    assert!(scene.is_supervised("a"), "before the scan it was still there");
    scene.letters("scan/.svscan/control", "n");
    wait_until("its end", || (!scene.is_supervised("a")).then_some(()));
}

/// A handler runs in a session of its own with no signal blocked; without one TERM would have ended svscan.
#[test]
fn handlers() {
    let mut scene = Scene::new();
    scene.file("scan/.svscan/SIGTERM", "#!/bin/sh\nset -- $(cat /proc/$$/stat)\necho $$ $6 > told\n");
    scene.file("scan/.svscan/SIGRTMIN+4", "#!/bin/sh\ngrep SigBlk /proc/self/status > blocked\n");
    let svscan = svscan(&mut scene, &["scan"]);
    scene.letters("scan/.svscan/control", "z");
    kill(svscan, 15).unwrap();
    let told = scene.await_text("scan/told", |text| text.ends_with('\n'));
    let (pid, session) = told.trim().split_once(' ').unwrap();
    assert_eq!(pid, session);
    kill(svscan, 38).unwrap();
    assert_eq!(scene.await_text("scan/blocked", |text| text.ends_with('\n')), "SigBlk:\t0000000000000000\n");
    assert!(is_alive(svscan));
    scene.letters("scan/.svscan/control", "t");
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// At its end svscan becomes `finish`.
#[test]
fn finish() {
    let mut scene = Scene::new();
    scene.file("scan/.svscan/finish", "#!/bin/sh\necho $$ > told\nexit 7\n");
    let svscan = svscan(&mut scene, &["scan"]);
    scene.letters("scan/.svscan/control", "b");
    assert_eq!(scene.wait(svscan).code(), Some(7));
    assert_eq!(scene.text("scan/told"), format!("{svscan}\n"));
}

/// A second scanner is refused.
#[test]
fn second_is_refused() {
    let mut scene = Scene::new();
    svscan(&mut scene, &["scan"]);
    scene.letters("scan/.svscan/control", "z");
    let second = svscan(&mut scene, &["scan"]);
    assert_eq!(scene.wait(second).code(), Some(100));
    let expected = "svscan: fatal: unable to acquire .svscan/lock: temporary failure\n";
    assert_eq!(scene.text("messages"), expected);
}

/// Without a supervise there is a message, and another one a second later.
#[test]
fn missing_supervise() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let mut command = command(&scene, &["scan"]);
    link(&scene, "a");
    command.env("PATH", "/nowhere");
    scene.spawn(command);
    let message = "svscan: warning: unable to run supervise for a: file does not exist (next try in 1 s)\n";
    scene.await_text("messages", |text| text.starts_with(&message.repeat(2)));
}

/// After `F` the FIFO on standard error has a reader even without a logger; after `E` it has none.
#[test]
fn holds_its_fifo() {
    let mut scene = Scene::new();
    let fifo = scene.path.join("log.fifo");
    make_fifo(&fifo);
    let mut command = command(&scene, &["scan"]);
    let reader = fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    command.stderr(Stdio::from(fs::OpenOptions::new().write(true).open(&fifo).unwrap()));
    scene.spawn(command);
    scene.letters("scan/.svscan/control", "F");
    drop(reader);
    assert!(open_fifo(&fifo).is_some() || wait_until("the held end", || open_fifo(&fifo)).metadata().is_ok());
    scene.letters("scan/.svscan/control", "E");
    wait_until("the end of holding", || open_fifo(&fifo).is_none().then_some(()));
}

/// A logger that has ended once its pipe was closed is not started again, and svscan has nothing to do about it.
#[test]
fn closed_pipe() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP).file("a/log/run", "#!/bin/sh\nexec cat\n");
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    link(&scene, "a");
    let svscan = svscan(&mut scene, &["-t", "0", "scan"]);
    scene.await_record("a", |status| status.phase == Phase::Run);
    scene.await_record("a/log", |status| status.phase == Phase::Run);
    let supervise = supervise_of(&scene, "a/log");
    scene.letters("scan/.svscan/control", "E");
    scene.letters("a/log/supervise/control", "dx");
    wait_until("its end", || (!is_alive(supervise)).then_some(()));
    // What it does is counted in the times it was woken: for the end, and for this letter.
    let ran = || -> u64 {
        let text = fs::read_to_string(format!("/proc/{svscan}/schedstat")).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    let before = (switches(svscan), ran());
    std::thread::sleep(std::time::Duration::from_millis(500));
    let after = (switches(svscan), ran());
    assert!(after.0 - before.0 < 10 && after.1 - before.1 < 100_000_000, "{before:?} {after:?}");
    scene.letters("scan/.svscan/control", "a");
    scene.letters("scan/.svscan/control", "z");
    assert!(!scene.is_supervised("a/log") && scene.is_supervised("a"));
}

/// Thousands of entries are no more trouble than one: the table grows.
#[test]
fn many_entries() {
    let mut scene = Scene::new();
    for number in 0..300 {
        scene
            .file(&format!("scan/s{number}/run"), "#!/bin/sh\nexec sleep 1000\n")
            .file(&format!("scan/s{number}/down"), "");
    }
    let svscan = svscan(&mut scene, &["-t", "0", "scan"]);
    for number in 0..300 {
        scene.await_record(&format!("scan/s{number}"), |_| true);
    }
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
    assert!((0..300).all(|number| !scene.is_supervised(&format!("scan/s{number}"))));
}

/// Names of every kind are services or are passed over; none disturbs another.
#[test]
fn strange_names() {
    let mut scene = Scene::new();
    let long = "x".repeat(255);
    for name in [long.as_str(), "with space", "with\nnewline", "-t", "--drain"] {
        scene.file(&format!("scan/{name}/run"), SLEEP);
    }
    scene.file(&format!("scan/{long}/log/run"), "#!/bin/sh\nexec cat\n").file("scan/file", "no service");
    symlink("nowhere", scene.path.join("scan/dangling")).unwrap();
    symlink("loop", scene.path.join("scan/loop")).unwrap();
    make_fifo(&scene.path.join("scan/fifo"));
    // What is in the way of our own files goes.
    scene.file("scan/.svscan/control", "garbage");
    let svscan = svscan(&mut scene, &["scan"]);
    for name in [long.as_str(), &format!("{long}/log"), "with space", "with\nnewline", "-t", "--drain"] {
        scene.await_record(&format!("scan/{name}"), |status| status.phase == Phase::Run);
    }
    let mut told: Vec<_> =
        scene.await_text("messages", |text| text.lines().count() > 1).lines().map(str::to_owned).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "svscan: warning: unable to stat dangling: file does not exist",
            "svscan: warning: unable to stat loop: symbolic link loop",
        ]
    );
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// Without descriptors for more pipes the services that are there go on; one message a service, and the rest comes up when
/// there is room again.
#[test]
fn few_descriptors() {
    let mut scene = Scene::new();
    for number in 0..8 {
        scene.file(&format!("s{number}/run"), SLEEP).file(&format!("s{number}/log/run"), "#!/bin/sh\nexec cat\n");
    }
    let svscan = svscan(&mut scene, &["-t", "0", "scan"]);
    scene.letters("scan/.svscan/control", "z");
    let limit = |soft: &str| {
        let command = [&format!("--nofile={soft}:"), "--pid", &svscan.to_string()].map(str::to_owned);
        assert!(Command::new("prlimit").args(command).status().unwrap().success());
    };
    // Room for three pipes besides its own files and what the harness may have left open below.
    limit("14");
    (0..8).for_each(|number| link(&scene, &format!("s{number}")));
    scene.letters("scan/.svscan/control", "a");
    let text = scene.await_text("messages", |text| text.contains("unable to take in s"));
    assert!(text.lines().all(|line| line.ends_with(": process cannot open more files")), "{text}");
    limit("100");
    let up = |scene: &Scene| (0..8).filter(|number| scene.is_supervised(&format!("s{number}"))).count();
    wait_until("all services", || (up(&scene) == 8).then_some(()));
    assert!(scene.text("messages").lines().count() <= 8, "{}", scene.text("messages"));
    kill(svscan, 15).unwrap();
    assert_eq!(scene.wait(svscan).code(), Some(0));
}

/// A terminal that was stopped does not stop svscan with it.
#[test]
fn stopped_terminal() {
    let mut scene = Scene::new();
    scene.file("a/run", SLEEP);
    let terminal = nix::pty::openpty(None, None).unwrap();
    nix::sys::termios::tcflow(&terminal.slave, nix::sys::termios::FlowArg::TCOOFF).unwrap();
    let mut command = command(&scene, &["-t", "0", "scan"]);
    command.stderr(Stdio::from(terminal.slave.try_clone().unwrap()));
    let svscan = scene.spawn(command);
    scene.letters("scan/.svscan/control", "z");
    kill(svscan, 11).unwrap();
    link(&scene, "a");
    wait_until("the new image", || {
        scene.letters("scan/.svscan/control", "a");
        scene.record("a")
    });
    // Or nobody could close it.
    nix::sys::termios::tcflow(&terminal.slave, nix::sys::termios::FlowArg::TCOON).unwrap();
}
