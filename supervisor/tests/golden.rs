//! daemontools', runit's and s6's own clients read and command our supervise, ours theirs, with the same words.

mod kit;

use kit::{Answer, Supervised, ours, peer, run, until};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Every supervise that is installed here, with a name for its service.
fn supervises() -> Vec<(&'static str, std::path::PathBuf)> {
    let mut all = vec![("sunup", ours("supervise"))];
    for (name, program) in [("daemontools", "supervise"), ("runit", "runsv"), ("s6", "s6-supervise")] {
        all.extend(peer(program).map(|path| (name, path)));
    }
    all
}

/// Asserts that our svstat prints what daemontools' does; seconds may pass between two runs of it.
fn same_svstat(theirs: &Path, parent: &Path, directories: &[&str]) {
    let ours = ours("svstat");
    let [before, ours, after] = [theirs, &ours, theirs].map(|svstat| ages(run(svstat, directories, parent)));
    assert_eq!((&before.0, &ours.0), (&ours.0, &after.0), "daemontools, sunup; sunup, daemontools");
    let is_between =
        before.1.iter().zip(&ours.1).zip(&after.1).all(|((before, ours), after)| before <= ours && ours <= after);
    assert!(is_between, "daemontools, sunup, daemontools: {before:?} {ours:?} {after:?}");
}

/// An answer without the numbers of seconds in it, and these.
fn ages(mut answer: Answer) -> (Answer, Vec<u64>) {
    let mut ages = Vec::new();
    let mut words: Vec<&str> = answer.out.split(' ').collect();
    for at in 1..words.len() {
        if words[at].starts_with("seconds") {
            ages.push(std::mem::replace(&mut words[at - 1], "N").parse().unwrap());
        }
    }
    answer.out = words.join(" ");
    (answer, ages)
}

/// In every state of a service, under every supervise with an `ok`, our svstat's line is daemontools' to the byte.
#[test]
fn svstat_is_daemontools() {
    let Some(theirs) = peer("svstat") else { return };
    let parent = tempfile::tempdir().unwrap();
    for (name, supervise) in supervises().into_iter().filter(|(name, _)| *name != "s6") {
        let service = Supervised::start(&supervise, parent.path(), name);
        let svc = |letters: &[&str]| {
            let answer = run(&ours("svc"), letters.iter().chain(&[name]), parent.path());
            assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{name} {letters:?}");
        };
        let same = || same_svstat(&theirs, parent.path(), &[name, "."]);
        svc(&["-wu"]);
        same();
        svc(&["-p"]);
        until("paused", || run(&theirs, [name], parent.path()).out.contains(", paused"));
        same();
        svc(&["-c"]);
        until("no pause", || !run(&theirs, [name], parent.path()).out.contains(", paused"));
        std::fs::write(service.directory.join("down"), "").unwrap();
        same();
        svc(&["-d", "-wD"]);
        same();
        std::fs::remove_file(service.directory.join("down")).unwrap();
        same();
        // Wanted down, but not down yet: the service ignores TERM.
        kit::executable::write(&service.directory.join("run"), "#!/bin/sh\ntrap '' TERM\n: >ready\nexec sleep 1000\n");
        svc(&["-u", "-wu"]);
        until("the trap", || service.directory.join("ready").exists());
        svc(&["-d"]);
        until("want down", || run(&theirs, [name], parent.path()).out.contains(", want down"));
        same();
    }
}

/// What cannot be read is told in daemontools' words, and the exit codes are its own.
#[test]
fn troubles_are_daemontools() {
    let parent = tempfile::tempdir().unwrap();
    let directories = ["none", "file", "empty", "ended", "short", "--bogus"];
    std::fs::write(parent.path().join("file"), "").unwrap();
    for name in ["empty", "ended/supervise", "short/supervise"] {
        std::fs::create_dir_all(parent.path().join(name)).unwrap();
    }
    for name in ["ended/supervise/ok", "ended/supervise/control", "short/supervise/ok"] {
        nix::unistd::mkfifo(&parent.path().join(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    std::fs::write(parent.path().join("short/supervise/status"), "too short").unwrap();
    let _reader = std::fs::OpenOptions::new().read(true).write(true).open(parent.path().join("short/supervise/ok"));
    if let Some(svstat) = peer("svstat") {
        assert_eq!(run(&ours("svstat"), directories, parent.path()), run(&svstat, directories, parent.path()));
        assert_eq!(run(&ours("svstat"), [""; 0], parent.path()), run(&svstat, [""; 0], parent.path()));
    }
    if let Some(svc) = peer("svc") {
        let arguments = || ["-d", "-xd"].into_iter().chain(directories);
        assert_eq!(run(&ours("svc"), arguments(), parent.path()), run(&svc, arguments(), parent.path()));
        assert_eq!(run(&ours("svc"), [""; 0], parent.path()), run(&svc, [""; 0], parent.path()));
        assert_eq!(run(&ours("svc"), ["-Z"], parent.path()).code, run(&svc, ["-Z"], parent.path()).code);
    }
    if let Some(svok) = peer("svok") {
        for directory in directories {
            assert_eq!(run(&ours("svok"), [directory], parent.path()), run(&svok, [directory], parent.path()));
        }
        assert_eq!(run(&ours("svok"), [""; 0], parent.path()), run(&svok, [""; 0], parent.path()));
    }
}

/// `svok` answers alike for every supervise, and s6's by its control FIFO.
#[test]
fn svok_knows_every_supervise() {
    let parent = tempfile::tempdir().unwrap();
    for (name, supervise) in supervises() {
        let service = Supervised::start(&supervise, parent.path(), name);
        assert_eq!(run(&ours("svok"), [name], parent.path()).code, Some(0), "{name}");
        drop(service);
        assert_eq!(run(&ours("svok"), [name], parent.path()).code, Some(100), "{name}");
    }
}

/// Our clients stop, start and restart services under every supervise, and wait for it.
#[test]
fn our_clients_command_everyones() {
    let parent = tempfile::tempdir().unwrap();
    for (name, supervise) in supervises() {
        let _service = Supervised::start(&supervise, parent.path(), name);
        let state = || run(&ours("svstat"), ["-o", "state,pid", name], parent.path()).out;
        for (letters, expected) in [("-wu", "up "), ("-dwD", "down -1\n"), ("-uwu", "up "), ("-twr", "up ")] {
            let before = state();
            let answer = run(&ours("svc"), [letters, "-T20000", name], parent.path());
            assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{name} {letters}");
            let after = state();
            assert!(after.starts_with(expected), "{name} {letters}: {after}");
            assert!(letters != "-twr" || before != after, "{name}: not restarted: {after}");
        }
        let answer = run(&ours("svc"), ["-dx", "-wD", "-T20000", name], parent.path());
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{name}");
    }
}

/// daemontools', runit's and s6's clients command our supervise.
#[test]
fn their_clients_command_ours() {
    let commands = [("svc", ["-d", "-u"]), ("sv", ["down", "up"]), ("s6-svc", ["-d", "-u"])];
    let parent = tempfile::tempdir().unwrap();
    let _service = Supervised::start(&ours("supervise"), parent.path(), "service");
    let wait = |option| assert_eq!(run(&ours("svwait"), [option, "-t20000", "./service"], parent.path()).code, Some(0));
    wait("-u");
    for (program, [down, up]) in commands {
        let Some(theirs) = peer(program) else { continue };
        let answer = run(&theirs, [down, "./service"], parent.path());
        assert_eq!(answer.code, Some(0), "{program}: {answer:?}");
        wait("-D");
        assert_eq!(run(&theirs, [up, "./service"], parent.path()).code, Some(0), "{program}");
        wait("-u");
    }
}

/// `sv status` reads our record: running, and down.
#[test]
fn sv_status_reads_ours() {
    let Some(sv) = peer("sv") else { return };
    let parent = tempfile::tempdir().unwrap();
    let _service = Supervised::start(&ours("supervise"), parent.path(), "service");
    run(&ours("svc"), ["-wu", "service"], parent.path());
    let pid = run(&ours("svstat"), ["-o", "pid", "service"], parent.path()).out;
    let status = run(&sv, ["status", "./service"], parent.path()).out;
    assert!(status.starts_with(&format!("run: ./service: (pid {}) ", pid.trim())), "{status}");
    run(&ours("svc"), ["-dwD", "service"], parent.path());
    let status = run(&sv, ["status", "./service"], parent.path()).out;
    assert!(status.starts_with("down: ./service: ") && status.ends_with("s, normally up\n"), "{status}");
}

/// Our s6-svstat, as a link below a directory.
fn s6_svstat(parent: &Path) -> std::path::PathBuf {
    let link = parent.join("s6-svstat");
    std::os::unix::fs::symlink(ours("dialect"), &link).unwrap();
    link
}

/// The fields of `-o` are s6's for a service of s6; our own svstat labels times as daemontools does.
#[test]
fn fields_are_s6s() {
    let (Some(supervise), Some(svstat)) = (peer("s6-supervise"), peer("s6-svstat")) else { return };
    let parent = tempfile::tempdir().unwrap();
    let _service = Supervised::start(&supervise, parent.path(), "service");
    let link = s6_svstat(parent.path());
    let fields = ["-o", "up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum", "service"];
    let times = ["-o", "updownsince,readysince", "service"];
    for command in ["-wu", "-dwD"] {
        assert_eq!(run(&ours("svc"), [command, "service"], parent.path()).code, Some(0));
        for arguments in [fields, times] {
            assert_eq!(run(&link, arguments, parent.path()), run(&svstat, arguments, parent.path()));
        }
        assert_eq!(run(&ours("svstat"), fields, parent.path()), run(&svstat, fields, parent.path()));
    }
}

/// What has ended for good, in each of the ways, is told apart from what was told to be down.
#[test]
fn ended_for_good() {
    let parent = tempfile::tempdir().unwrap();
    for (name, file, text) in [
        ("enough", "restart", "never\n"),
        ("deaths", "max-deaths", "1 60000\n"),
        ("permanent", "finish", "#!/bin/sh\nexit 125\n"),
    ] {
        kit::executable::write(&parent.path().join(name).join("run"), "#!/bin/sh\nexit 1\n");
        kit::executable::write(&parent.path().join(name).join(file), text);
        let _service = Supervised::resume(&ours("supervise"), parent.path(), name);
        let svstat = |arguments: &[&str]| run(&ours("svstat"), arguments.iter().chain(&[name]), parent.path()).out;
        until("its end", || svstat(&["-o", "state"]) == "ended\n");
        assert!(svstat(&["--json"]).contains("\"state\":\"ended\""), "{name}");
        let line = svstat(&[]);
        assert!(
            line.starts_with(&format!("{name}: down ")) && line.ends_with(" seconds, normally up, ended for good\n")
        );
        let line = run(&ours("sv"), ["status", &format!("./{name}")], parent.path()).out;
        assert!(line.starts_with("down: ") && line.ends_with("s, normally up, ended for good\n"), "{line}");
    }
}

/// A time in the record of a service of s6 is as long ago as s6 says, for every client that tells it.
#[test]
fn times_are_s6s() {
    let (Some(supervise), Some(svstat)) = (peer("s6-supervise"), peer("s6-svstat")) else { return };
    let parent = tempfile::tempdir().unwrap();
    let service = Supervised::start(&supervise, parent.path(), "service");
    let link = s6_svstat(parent.path());
    run(&ours("svc"), ["-wu", "service"], parent.path());
    let status = service.directory.join("supervise/status");
    let mut record = std::fs::read(&status).unwrap();
    let since = u64::from_be_bytes(record[..8].try_into().unwrap()) - 1000;
    record[..8].copy_from_slice(&since.to_be_bytes());
    // A time between two seconds has parts of one left that not everybody counts.
    record[8..12].fill(0);
    std::fs::write(&status, record).unwrap();
    let theirs = || run(&svstat, ["-t", "service"], parent.path()).out.trim().parse::<u64>().unwrap();
    let number = |program: &Path, arguments: &[&str], before: &str, after: &str| -> u64 {
        let out = run(program, arguments, parent.path()).out;
        out.split_once(before).unwrap().1.split_once(after).unwrap().0.parse().unwrap()
    };
    for (program, arguments, before, after) in [
        (&link, &["-t", "service"][..], "", "\n"),
        (&ours("svstat"), &["service"], ") ", " seconds"),
        (&ours("svstat"), &["-o", "updownfor", "service"], "", "\n"),
        (&ours("svstat"), &["--json", "service"], "\"since\":", ","),
        (&ours("sv"), &["status", "./service"], ") ", "s"),
    ] {
        let (before, seen, after) = (theirs(), number(program, arguments, before, after), theirs());
        assert!((before..=after).contains(&seen), "{} {arguments:?}: {seen}, not {before}", program.display());
    }
}

/// What we label in s6's name is read by s6's own program as what we label in ours is by daemontools'.
#[test]
fn labels_are_the_dialects() {
    let (Some(s6), Some(daemontools)) = (peer("s6-tai64nlocal"), peer("tai64nlocal")) else { return };
    let parent = tempfile::tempdir().unwrap();
    let _service = Supervised::start(&ours("supervise"), parent.path(), "service");
    run(&ours("svc"), ["-wu", "service"], parent.path());
    let link = s6_svstat(parent.path());
    let read = |program: &Path, label: String| {
        let mut child = std::process::Command::new(program);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).env("TZ", "UTC").spawn().unwrap();
        child.stdin.take().unwrap().write_all(label.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let since = |program: &Path| run(program, ["-o", "updownsince", "service"], parent.path()).out;
    assert_eq!(read(&s6, since(&link)), read(&daemontools, since(&ours("svstat"))));
    assert_eq!(read(&ours("tai64nlocal"), since(&ours("svstat"))), read(&daemontools, since(&ours("svstat"))));
}

/// `svscanctl` commands s6's scanner, and says 100 where none runs.
#[test]
fn svscanctl_commands_s6() {
    let Some(svscan) = peer("s6-svscan") else { return };
    let parent = tempfile::tempdir().unwrap();
    let ask = |letters| run(&ours("svscanctl"), [letters, "."], parent.path()).code;
    assert_eq!(ask("-a"), Some(100));
    let mut child = std::process::Command::new(svscan).arg(parent.path()).spawn().unwrap();
    until("a scanner", || ask("-z") == Some(0));
    kit::executable::write(&parent.path().join("service/run"), "#!/bin/sh\nexec sleep 1000\n");
    assert_eq!(ask("-a"), Some(0));
    until("a supervised service", || run(&ours("svok"), ["service"], parent.path()).code == Some(0));
    assert_eq!(ask("-t"), Some(0));
    assert_eq!(kit::end_of(&mut child), Some(0));
}

/// `sv status` reads our record: paused, deaf to TERM, in `finish`, and the logger beside it.
#[test]
fn sv_status_reads_every_state_of_ours() {
    let Some(sv) = peer("sv") else { return };
    let parent = tempfile::tempdir().unwrap();
    let service = parent.path().join("service");
    kit::executable::write(&service.join("run"), "#!/bin/sh\ntrap '' TERM\n: >deaf\nexec sleep 1000\n");
    kit::executable::write(&service.join("finish"), "#!/bin/sh\n: >finishing\nexec sleep 1000\n");
    std::fs::write(service.join("timeout-finish"), "0").unwrap();
    let _supervised = Supervised::resume(&ours("supervise"), parent.path(), "service");
    let _logger = Supervised::start(&ours("supervise"), &service, "log");
    let status = || run(&sv, ["status", "./service"], parent.path()).out;
    let svc = |letters| assert_eq!(run(&ours("svc"), [letters, "service"], parent.path()).code, Some(0));
    until("the trap", || service.join("deaf").exists());
    until("a logger", || status().contains("s; run: log: (pid "));
    svc("-p");
    until("paused", || status().contains("s, paused; run: log: "));
    svc("-d");
    until("got TERM", || status().contains("s, want down, got TERM; run: log: "));
    svc("-k");
    until("finish", || service.join("finishing").exists() && status().starts_with("finish: ./service: (pid "));
}
