//! svlog against multilog, and what it promises beyond it.

mod kit;
mod logger;

use kit::{end_of, ours, peer, signal, until};
use logger::{INTERRUPTED, Running, content, files, log, mode, waiting};
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::Signal;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Input with everything that a line can be: empty, long, binary, unfinished.
fn sample() -> Vec<u8> {
    let mut input = b"hello\nhello world\n\nnamed[135]: Cleaned cache of 3121 RRs\nnamed[1: Cleaned\n".to_vec();
    for size in [199, 200, 201, 999, 1000, 1001, 7168, 9000, 30_000] {
        input.extend(std::iter::repeat_n(b'x', size));
        input.push(b'\n');
    }
    input.extend(b"\0\xff\x1b binary\nfatal: unfinished");
    input
}

/// For every script that both know, multilog and svlog select the same lines and show the same alerts.
#[test]
fn selects_as_multilog() {
    let Some(multilog) = peer("multilog") else { return };
    for script in [
        &["./log"][..],
        &["e", "./log"],
        &["-*", "+hello*", "e", "./log"],
        &["-hello", "./log"],
        &["-named[*]: Cleaned cache *", "./log"],
        &["-*", "+*x", "./log", "+*", "e"],
        &["-*", "+*d", "-*:*", "./log"],
    ] {
        let [theirs, mine] = [multilog.clone(), ours("svlog")].map(|program| {
            let directory = tempfile::tempdir().unwrap();
            let output = log(&program, script, &sample(), directory.path());
            let logged = fs::read(directory.path().join("log/current")).unwrap();
            (output.status.code(), output.stderr, logged, mode(&directory.path().join("log/current")))
        });
        assert!(theirs == mine, "{script:?}");
    }
}

/// Labels are multilog's, grow from line to line, and are seen by patterns; tai64nlocal reads them.
#[test]
fn labels_lines() {
    let directory = tempfile::tempdir().unwrap();
    let script = ["t", "-*", "+@* b*", "./log"];
    assert!(log(&ours("svlog"), &script, b"a\nb1\nb2\nb3", directory.path()).status.success());
    let logged = content(&directory.path().join("log"));
    let lines: Vec<(&str, &str)> = logged.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line.1).collect::<Vec<_>>(), ["b1", "b2", "b3"]);
    assert!(lines.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(lines.iter().all(|(label, _)| label.len() == 25 && label.starts_with("@400000006")));
    let Some(tai64nlocal) = peer("tai64nlocal") else { return };
    let local = log(&tai64nlocal, &[], logged.as_bytes(), directory.path()).stdout;
    assert!(!String::from_utf8(local).unwrap().contains('@'));
}

/// Rotation loses no line, splits none, keeps within size and number, and marks files as multilog does.
#[test]
fn rotates() {
    let directory = tempfile::tempdir().unwrap();
    let input: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
    assert!(
        log(&ours("svlog"), &["s4096", "n1000", "./log", "n3", "./few"], input.as_bytes(), directory.path())
            .status
            .success()
    );
    let log = directory.path().join("log");
    assert!(content(&log) == input);
    for file in files(&log) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.len() <= 4096 && (text.is_empty() || text.ends_with('\n')), "{file:?}");
        assert_eq!(mode(&file), 0o744, "{file:?}");
        assert!(file.ends_with("current") || file.extension().is_some_and(|code| code == "s"));
    }
    let few = directory.path().join("few");
    assert_eq!(files(&few).len(), 3);
    assert!(input.ends_with(&content(&few)));
}

/// A `current` that was interrupted becomes a `.u` file; a complete one is continued.
#[test]
fn continues_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let log_to =
        |text: &str| assert!(log(&ours("svlog"), &["./log"], text.as_bytes(), directory.path()).status.success());
    let current = directory.path().join("log/current");
    log_to("a\n");
    log_to("b\n");
    assert_eq!(fs::read_to_string(&current).unwrap(), "a\nb\n");
    fs::set_permissions(&current, fs::Permissions::from_mode(0o644)).unwrap();
    log_to("c\n");
    assert_eq!(fs::read_to_string(&current).unwrap(), format!("{INTERRUPTED}c\n"));
    let files = files(&directory.path().join("log"));
    assert_eq!((files.len(), files[0].extension().unwrap().to_str()), (2, Some("u")));
}

/// TERM finishes the line that has begun and leaves the rest to the next logger.
#[test]
fn term_finishes_the_line() {
    let mut running = Running::start(&["./log"]);
    running.write("one\ntwo\npart");
    running.until_read("log/current", "one\ntwo\n");
    signal(&running.child, Signal::SIGSTOP);
    signal(&running.child, Signal::SIGTERM);
    running.write("ial\nrest\n");
    signal(&running.child, Signal::SIGCONT);
    assert_eq!(end_of(&mut running.child), Some(0));
    assert_eq!(running.read("log/current"), "one\ntwo\npartial\n");
    drop(running.writer.take());
    let mut rest = String::new();
    fs::File::from(running.reader.try_clone().unwrap()).read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "rest\n");
}

/// TERM when nobody can write any more: what is in the pipe would be lost, so it is read to its end.
#[test]
fn term_drains_a_pipe_without_writers() {
    let mut running = Running::start(&["./log"]);
    running.write("first\n");
    running.until_read("log/current", "first\n");
    signal(&running.child, Signal::SIGSTOP);
    signal(&running.child, Signal::SIGTERM);
    let text = "0123456789\n".repeat(5000);
    running.write(&text);
    drop(running.writer.take());
    // Children that other tests are just forking may hold it for a moment.
    until("a pipe without writers", || {
        let mut polled = [PollFd::new(running.reader.as_fd(), PollFlags::POLLIN)];
        nix::poll::poll(&mut polled, 0u8).unwrap();
        polled[0].revents().unwrap().contains(PollFlags::POLLHUP)
    });
    signal(&running.child, Signal::SIGCONT);
    assert_eq!(end_of(&mut running.child), Some(0));
    assert!(running.read("log/current") == format!("first\n{text}"));
    assert_eq!(mode(&running.path("log/current")), 0o744);
}

/// ALRM rotates at once, and `current` has mode 644 while it is written.
#[test]
fn alarm_rotates() {
    let mut running = Running::start(&["./log"]);
    running.write("old\n");
    running.until_read("log/current", "old\n");
    assert_eq!(mode(&running.path("log/current")), 0o644);
    signal(&running.child, Signal::SIGALRM);
    running.until_read("log/current", "");
    running.write("new\n");
    running.until_read("log/current", "new\n");
    let files = files(&running.path("log"));
    assert_eq!((files.len(), fs::read_to_string(&files[0]).unwrap().as_str()), (2, "old\n"));
    drop(running.writer.take());
    assert_eq!(end_of(&mut running.child), Some(0));
}

/// An empty non-blocking input is a drained one.
#[test]
fn nonblocking_input_is_drained() {
    let directory = tempfile::tempdir().unwrap();
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
    fs::File::from(writer.try_clone().unwrap()).write_all(b"a\nb").unwrap();
    nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK)).unwrap();
    let mut command = Command::new(ours("svlog"));
    let mut child = command.arg("./log").current_dir(&directory).stdin(reader).spawn().unwrap();
    assert_eq!(end_of(&mut child), Some(0));
    assert_eq!(fs::read_to_string(directory.path().join("log/current")).unwrap(), "a\nb\n");
    drop(writer);
}

/// `-l` breaks long lines; `-d` announces readiness once the directories are open.
#[test]
fn options() {
    let directory = tempfile::tempdir().unwrap();
    let output = log(&ours("svlog"), &["-l3", "-d", "1", "./log", "./a/b/c"], b"abcdefg\n", directory.path());
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"\n".to_vec()));
    assert_eq!(content(&directory.path().join("log")), "abc\ndef\ng\n");
    assert_eq!(content(&directory.path().join("a/b/c")), "abc\ndef\ng\n");
    for script in [&["x", "./log"][..], &["t"], &["-d", "./log"], &["./log", "t"]] {
        assert_eq!(log(&ours("svlog"), script, b"", directory.path()).status.code(), Some(100), "{script:?}");
    }
}

/// Two loggers never share a directory.
#[test]
fn locks_its_directory() {
    let mut running = Running::start(&["./log"]);
    until("a lock", || running.path("log/current").exists());
    let second = log(&ours("svlog"), &["./log"], b"x\n", running.directory.path());
    assert_eq!(second.status.code(), Some(111));
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(error, "svlog ./log: fatal: unable to lock directory: temporary failure\n");
    drop(running.writer.take());
    assert_eq!(end_of(&mut running.child), Some(0));
    assert_eq!(running.read("log/current"), "");
}

/// Nor with a logger of another suite, whichever was first.
#[test]
fn never_beside_a_peer() {
    let (Some(multilog), Some(s6_log)) = (peer("multilog"), peer("s6-log")) else { return };
    let (ours, theirs) = ([ours("svlog"), ours("dialect")], [multilog, s6_log]);
    let pairs = ours.iter().flat_map(|ours| theirs.iter().flat_map(move |theirs| [(ours, theirs), (theirs, ours)]));
    let command = |program: &std::path::Path, directory: &tempfile::TempDir| {
        let mut command = Command::new(program);
        if program.ends_with("dialect") {
            command.arg0("s6-log");
        }
        command.args(["t", "./log"]).current_dir(directory).stderr(Stdio::null());
        command
    };
    for (first, second) in pairs {
        let directory = tempfile::tempdir().unwrap();
        let mut holder = command(first, &directory).stdin(Stdio::piped()).spawn().unwrap();
        until("a log", || directory.path().join("log/current").exists());
        let refused = command(second, &directory).stdin(Stdio::null()).status().unwrap();
        assert_eq!(refused.code(), Some(111), "{} beside {}", second.display(), first.display());
        drop(holder.stdin.take());
        assert_eq!(end_of(&mut holder), Some(0));
    }
}

/// A directory that cannot be made costs lines, not the logger: it says so once, counts, and writes the number later.
#[test]
fn waits_for_its_directory() {
    for blocks in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let errors = directory.path().join("errors");
        let mut command = Command::new(ours("svlog"));
        command.args(blocks.then_some("-b")).arg("./file/log").current_dir(&directory).stdin(Stdio::piped());
        let mut child = command.stderr(fs::File::create(&errors).unwrap()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"early\n").unwrap();
        if !blocks {
            // The pipe is empty once the line was taken, and then it is lost.
            until("an empty pipe", || waiting(stdin.as_fd()) == 0);
        }
        until("a message", || fs::read_to_string(&errors).unwrap().ends_with('\n'));
        fs::remove_file(&file).unwrap();
        until("recovery", || fs::read_to_string(&errors).unwrap().contains("info: works again"));
        stdin.write_all(b"late\n").unwrap();
        drop(stdin);
        assert_eq!(end_of(&mut child), Some(0));
        let (then, expected) = match blocks {
            true => ("waiting until it works", "early\nlate\n"),
            false => ("dropping lines until it works", "svlog: warning: 1 lines were lost\nlate\n"),
        };
        assert_eq!(content(&file.join("log")), expected);
        let expected = format!(
            "svlog ./file/log: warning: unable to create directory: not a directory ({then})\n\
             svlog ./file/log: info: works again\n"
        );
        assert_eq!(fs::read_to_string(&errors).unwrap(), expected);
    }
}

/// `S` bounds the bytes of finished files, and `R` finishes a file by its age while nothing comes.
#[test]
fn total_and_age() {
    let directory = tempfile::tempdir().unwrap();
    let input: String = (0..2000).map(|number| format!("line {number:03}\n")).collect();
    let script = ["s4096", "n100", "S6000", "./log"];
    assert!(log(&ours("svlog"), &script, input.as_bytes(), directory.path()).status.success());
    let all = files(&directory.path().join("log"));
    let sizes: Vec<u64> = all.iter().map(|file| fs::metadata(file).unwrap().len()).collect();
    let (_, finished) = sizes.split_last().unwrap();
    assert!(finished.len() == 2 && finished.iter().sum::<u64>() <= 6000, "{sizes:?}");
    assert!(input.ends_with(&content(&directory.path().join("log"))));
    let mut running = Running::start(&["R1", "./aged"]);
    running.write("old\n");
    let aged = running.path("aged");
    until("a finished file", || aged.exists() && files(&aged).len() == 2);
    running.until_read("aged/current", "");
    assert_eq!(content(&aged), "old\n");
    drop(running.writer.take());
    assert_eq!(end_of(&mut running.child), Some(0));
}

/// Whenever a logger is killed, the next one tells of it, in the log and besides, once: with an empty `current` too, and
/// between two files.
#[test]
fn tells_of_a_killed_logger() {
    for missing in [false, true] {
        let mut running = Running::start(&["./log"]);
        // From then on it takes lines.
        until("a logger at work", || fs::metadata(running.path("log/lock")).is_ok_and(|lock| lock.len() > 0));
        signal(&running.child, Signal::SIGKILL);
        end_of(&mut running.child);
        if missing {
            fs::remove_file(running.path("log/current")).unwrap();
        }
        let again = |input: &[u8]| log(&ours("svlog"), &["./log"], input, running.directory.path());
        let error = String::from_utf8(again(b"a\n").stderr).unwrap();
        assert_eq!(error, INTERRUPTED.replace("svlog: ", "svlog ./log: "), "{missing}");
        assert_eq!(again(b"b\n").stderr, b"");
        assert_eq!(content(&running.path("log")), format!("{INTERRUPTED}a\nb\n"));
    }
}
