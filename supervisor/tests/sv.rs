//! Our sv and runit's give the same answers, over our supervise and over runit's.

mod kit;

use kit::{Supervised, ours, peer, run};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use supervisor::status::{Phase, Status, Want};

/// What one `sv` says over a fresh service in one sequence of commands: output with pids and times taken out, and code.
fn transcript(sv: &Path, supervise: &Path, parent: &Path) -> Vec<String> {
    let service = Supervised::start(supervise, parent, "a");
    let svdir = |words: &[&str]| {
        let words: Vec<String> =
            words.iter().map(|word| word.replace("SVDIR", parent.to_str().expect("a path of text"))).collect();
        let answer = run(sv, &words, parent);
        let text = format!("{words:?}\n{}{}", answer.out, answer.err);
        let text = text.replace(parent.to_str().expect("a path of text"), "SVDIR");
        format!("{} {}", answer.code.unwrap_or(-1), plain(&text))
    };
    let sequence: [&[&str]; 16] = [
        &["-v", "-w", "5", "up", "./a"],
        &["status", "./a", "./none", "SVDIR/a/"],
        &["up", "./a"],
        &["-v", "pause", "./a"],
        &["status", "./a"],
        &["-v", "cont", "./a"],
        &["stop", "./a"],
        &["-v", "down", "./a"],
        &["status", "./a"],
        &["start", "./a"],
        &["check", "./a", "./none"],
        &["once", "./a"],
        &["stop", "./a"],
        &["shutdown", "./a"],
        &["status", "./a"],
        &["exit", "./none"],
    ];
    let answers = sequence.iter().map(|words| svdir(words)).collect();
    drop(service);
    answers
}

/// Without the numbers of processes and seconds.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut in_number = false;
    for character in text.chars() {
        let is_digit = character.is_ascii_digit();
        if !(is_digit && in_number) {
            plain.push(if is_digit { '#' } else { character });
        }
        in_number = is_digit;
    }
    plain
}

/// The same sequence of commands gives the same words and codes, whoever's sv and whoever's supervise it is.
#[test]
fn sv_is_runits() {
    let (Some(sv), Some(runsv)) = (peer("sv"), peer("runsv")) else { return };
    let expected = transcript(&sv, &runsv, tempfile::tempdir().unwrap().path());
    for supervise in [runsv, ours("supervise")] {
        let seen = transcript(&ours("sv"), &supervise, tempfile::tempdir().unwrap().path());
        for (ours, theirs) in seen.iter().zip(&expected) {
            assert_eq!(ours, theirs, "over {}", supervise.display());
        }
    }
    let seen = transcript(&sv, &ours("supervise"), tempfile::tempdir().unwrap().path());
    assert_eq!(seen, expected, "runit's sv over our supervise");
}

/// A service that ignores TERM: the time passes, and `force-stop` kills it.
#[test]
fn a_deaf_service_is_killed_when_forced() {
    let Some(theirs) = peer("sv") else { return };
    for sv in [theirs, ours("sv")] {
        let parent = tempfile::tempdir().unwrap();
        let run_script = parent.path().join("a/run");
        kit::executable::write(&run_script, "#!/bin/sh\ntrap '' TERM\n: >ready\nexec sleep 1000\n");
        let service = Supervised::resume(&ours("supervise"), parent.path(), "a");
        kit::until("the trap", || service.directory.join("ready").exists());
        let answer = run(&sv, ["-w", "1", "stop", "./a"], parent.path());
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.out.starts_with("timeout: run: ./a: (pid "), "{answer:?}");
        assert!(answer.out.ends_with(", want down, got TERM\n"), "{answer:?}");
        let answer = run(&sv, ["-w", "1", "force-stop", "./a"], parent.path());
        assert!(answer.out.starts_with("kill: run: ./a: (pid "), "{answer:?}");
        assert_eq!(run(&ours("svwait"), ["-D", "-t", "10000", "a"], parent.path()).code, Some(0));
    }
}

/// Misuse is 100 and the usage line.
#[test]
fn misuse() {
    let parent = tempfile::tempdir().unwrap();
    for words in [&["foo", "a"][..], &["status"], &[], &["-w"]] {
        let answer = run(&ours("sv"), words, parent.path());
        assert_eq!(answer.code, Some(100), "{words:?}");
        assert!(answer.err.ends_with("usage: sv [-v] [-w sec] command service ...\n\n"), "{answer:?}");
    }
}

/// A service that is wanted up and rests between two starts is told again, which ends the rest; one that runs is not.
#[test]
fn up_ends_a_rest() {
    let parent = tempfile::tempdir().unwrap();
    let supervise = parent.path().join("a/supervise");
    fs::create_dir_all(&supervise).unwrap();
    let fifos = ["control", "ok"].map(|name| {
        let path = supervise.join(name);
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let how = OFlag::O_RDWR | OFlag::O_NONBLOCK;
        fs::File::from(open(&path, how, Mode::empty()).unwrap())
    });
    for (pid, told) in [(0, Some(&b"u"[..])), (std::process::id(), None)] {
        let phase = if pid == 0 { Phase::Down } else { Phase::Run };
        let status = Status { want: Want::Up, pid, phase, ..Status::NEW };
        fs::write(supervise.join("status"), status.pack()).unwrap();
        assert_eq!(run(&ours("sv"), ["up", "./a"], parent.path()).code, Some(0));
        let mut seen = [0; 8];
        let size = (&fifos[0]).read(&mut seen).ok();
        assert_eq!(size.map(|size| &seen[..size]), told);
    }
}

/// Where nobody reads the answers, both end by SIGPIPE, and in silence.
#[test]
fn nobody_reads() {
    let Some(theirs) = peer("sv") else { return };
    let names: Vec<String> = (0..2000).map(|number| format!("/nowhere/{number}")).collect();
    for sv in [theirs, ours("sv")] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output =
            Command::new(&sv).arg("status").args(&names).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.signal(), output.stderr.as_slice()), (Some(13), &b""[..]), "{}", sv.display());
    }
}
