//! svlog on a disk that is full: nothing is lost in silence, and it goes on when there is room.

mod kit;
mod logger;

use kit::{end_of, ours, signal, until};
use logger::waiting;
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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
        until("a full disk", || fs::read_to_string(&errors).unwrap().contains("No space left on device"));
        let stdin = if blocks { None } else { Some(writer.join().unwrap().unwrap()) };
        if let Some(stdin) = &stdin {
            until("an empty pipe", || waiting(stdin.as_fd()) == 0);
        }
        fs::remove_file(inside.join("filler")).unwrap();
        until("recovery", || fs::read_to_string(&errors).unwrap().contains("info: works again"));
        // The log is gone with the namespace, so it is read while svlog still runs.
        let current = inside.join("log/current");
        if blocks {
            let expected: &str = &input[..12 * 4000];
            until("the lines", || fs::read_to_string(&current).unwrap().starts_with(expected));
            signal(&child, Signal::SIGKILL);
        } else {
            let logged = fs::read_to_string(&current).unwrap();
            let (note, lines): (Vec<&str>, Vec<&str>) = logged.lines().partition(|line| line.starts_with("svlog: "));
            let lost: usize = note[0].split(' ').nth(2).unwrap().parse().unwrap();
            let whole = lines.iter().filter(|line| line.len() == 10).count();
            assert_eq!((note.len(), whole + lost), (1, 5000), "{note:?}");
            assert!(lines.len() <= whole + 1, "more than one line was cut");
            drop(stdin);
        }
        end_of(&mut child);
    }
}
