//! svlog on a disk that is full: nothing is lost in silence, and it goes on when there is room.

mod kit;
mod logger;

use kit::{end_of, ours, signal, until};
use logger::{content, files, waiting};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// On a full disk `-b` loses nothing, and without it every line is either logged or counted, and none is cut.
#[test]
fn full_disk() {
    for blocks in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let errors = directory.path().join("errors");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec"]);
        command.arg(
            "mount -t tmpfs -o size=64k none \"$PWD\" && cd \"$PWD\" && dd if=/dev/zero of=filler bs=4k count=8 2>/dev/null && exec \"$@\"",
        );
        command.arg("sh").arg(ours("svlog")).args(blocks.then_some("-b")).args(["s65536", "./log"]);
        command.current_dir(&directory).stdin(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let inside = PathBuf::from(format!("/proc/{}/root{}", child.id(), directory.path().display()));
        let input: String = (0..5000).map(|number| format!("line {number:05}\n")).collect();
        let text = input.clone();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).map(|()| stdin));
        until("a full disk", || fs::read_to_string(&errors).unwrap().contains("out of disk space"));
        let stdin = if blocks { None } else { Some(writer.join().unwrap().unwrap()) };
        if let Some(stdin) = &stdin {
            until("an empty pipe", || waiting(stdin.as_fd()) == 0);
        }
        // The namespace is gone with svlog, but not what is open.
        let current = inside.join("log/current");
        let log = fs::File::open(&current).unwrap();
        fs::remove_file(inside.join("filler")).unwrap();
        until("recovery", || fs::read_to_string(&errors).unwrap().contains("info: works again"));
        if blocks {
            let expected: &str = &input[..12 * 4000];
            until("the lines", || fs::read_to_string(&current).unwrap().starts_with(expected));
            signal(&child, Signal::SIGKILL);
            end_of(&mut child);
        } else {
            drop(stdin);
            end_of(&mut child);
            let logged = std::io::read_to_string(log).unwrap();
            let (note, lines): (Vec<&str>, Vec<&str>) = logged.lines().partition(|line| line.starts_with("svlog: "));
            let lost: usize = note[0].split(' ').nth(2).unwrap().parse().unwrap();
            let whole = lines.iter().filter(|line| line.len() == 10).count();
            assert_eq!((note.len(), whole + lost), (1, 5000), "{note:?}");
            assert!(lines.len() <= whole + 1, "more than one line was cut");
        }
    }
}

/// A tmpfs that holds so many files, and svlog on it in a mount namespace of its own; gives where its directory is seen.
fn on_tmpfs(options: &str, program: &str, arguments: &[&str], directory: &Path) -> (Child, PathBuf) {
    let script = format!("mount -t tmpfs -o {options} none \"$PWD\" && cd \"$PWD\" && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", &script, "sh", program]).args(arguments);
    let errors = fs::File::create(directory.with_extension("errors")).unwrap();
    let child = command.current_dir(directory).stdin(Stdio::piped()).stderr(errors).spawn().unwrap();
    let inside = PathBuf::from(format!("/proc/{}/root{}", child.id(), directory.display()));
    (child, inside)
}

/// Where no file can be made, a rotation cannot be finished: that is told, the lines go on into the file that is there, and
/// it is rotated when it can be.
#[test]
fn rotation_without_room_for_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let program = ours("svlog").display().to_string();
    // The root, log/, lock, current, and one file more, which the test takes away.
    let (mut child, inside) = on_tmpfs("nr_inodes=5", &program, &["./log"], directory.path());
    let mut stdin = child.stdin.take().unwrap();
    let log = inside.join("log");
    stdin.write_all(b"one\n").unwrap();
    until("a line", || fs::read_to_string(log.join("current")).is_ok_and(|text| text == "one\n"));
    fs::write(inside.join("filler"), "").unwrap();
    signal(&child, Signal::SIGALRM);
    let errors = directory.path().with_extension("errors");
    let message = "svlog ./log: warning: unable to open current: out of disk space (writing on without rotation)\n";
    until("a message", || fs::read_to_string(&errors).unwrap() == message);
    stdin.write_all(b"two\n").unwrap();
    // There is no `current` meanwhile: the file that has its new name already is written on.
    signal(&child, Signal::SIGALRM);
    until("a line more", || fs::read_to_string(&files(&log)[0]).is_ok_and(|text| text == "one\ntwo\n"));
    fs::remove_file(inside.join("filler")).unwrap();
    signal(&child, Signal::SIGALRM);
    until("a current", || fs::read_to_string(log.join("current")).is_ok_and(|text| text.is_empty()));
    stdin.write_all(b"three\n").unwrap();
    until("all lines", || content(&log) == "one\ntwo\nthree\n");
    drop(stdin);
    assert_eq!(end_of(&mut child), Some(0));
    assert_eq!(fs::read_to_string(&errors).unwrap(), message);
    fs::remove_file(errors).unwrap();
}

/// True once the process has taken every signal that was sent to it.
fn nothing_is_pending(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    status.lines().filter_map(|line| line.strip_prefix("ShdPnd:")).all(|mask| mask.trim() == "0000000000000000")
}

/// TERM on a full disk loses no line of a logger that blocks: it ends once there is room.
#[test]
fn stop_on_a_full_disk() {
    for arguments in [&["svlog", "-b"][..], &["multilog"]] {
        let directory = tempfile::tempdir().unwrap();
        let script = "dd if=/dev/zero of=filler bs=4k count=8 2> /dev/null && exec \"$@\"";
        let program = ours(arguments[0]).display().to_string();
        let mut command = vec!["-ec", script, "sh", &program];
        command.extend(&arguments[1..]);
        command.extend(["s1000000", "./log"]);
        let (mut child, inside) = on_tmpfs("size=64k", "sh", &command, directory.path());
        let mut stdin = child.stdin.take().unwrap();
        let input: String = (0..4000).map(|number| format!("line {number:05}\n")).collect();
        let text = input.clone();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let errors = directory.path().with_extension("errors");
        let told =
            || fs::read_to_string(&errors).unwrap().lines().filter(|line| line.contains("unable to write")).count();
        until("a full disk", || told() > 0);
        // What the logger does not take is in the pipe, and nobody will write more: so it reads all of it after TERM.
        until("all that goes in", || writer.is_finished());
        writer.join().unwrap().unwrap();
        signal(&child, Signal::SIGTERM);
        // It has taken the signal, and goes on waiting.
        until("an order taken", || nothing_is_pending(&child));
        assert!(child.try_wait().unwrap().is_none());
        // It is gone with its namespace, which is gone with the logger, but not what is open.
        let current = fs::File::open(inside.join("log/current")).unwrap();
        fs::remove_file(inside.join("filler")).unwrap();
        assert_eq!(end_of(&mut child), Some(0), "{}", fs::read_to_string(&errors).unwrap());
        assert_eq!(std::io::read_to_string(current).unwrap(), input);
        fs::remove_file(errors).unwrap();
    }
}

/// The catch-all logger of stage 1 holds up nobody: with its disk full, whoever writes to the log goes on.
#[test]
fn catch_all() {
    let directory = tempfile::tempdir().unwrap();
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../units/stage1/catch-all/run");
    let script = "mkdir -p bin service/catch-all log && cp \"$1\" bin/svlog && cp \"$2\" service/catch-all/run && cd \
                  service/catch-all && { dd if=/dev/zero of=../../filler bs=4k 2> /dev/null || :; } && exec ./run 3> /dev/null";
    let (program, image) = (ours("svlog").display().to_string(), image.display().to_string());
    let (mut child, _) = on_tmpfs("size=8m", "sh", &["-ec", script, "sh", &program, &image], directory.path());
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all("line\n".repeat(100_000).as_bytes()));
    until("the end of the writing", || writer.is_finished());
    writer.join().unwrap().unwrap();
    // Its writer is gone, so it ends.
    assert_eq!(end_of(&mut child), Some(111));
    let message = "svlog ../../log: warning: unable to write to current: out of disk space (dropping lines until it \
                   works)\nsvlog ../../log: warning: 100000 lines were lost\n";
    let errors = directory.path().with_extension("errors");
    assert_eq!(fs::read_to_string(&errors).unwrap(), message);
    fs::remove_file(errors).unwrap();
}
