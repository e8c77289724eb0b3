//! The clients on hand-made service directories: exact output, exit codes, and waiting without a supervise.

mod kit;

use kit::{ours, run};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use supervisor::status::{LastExit, Phase, Status, Want};
use supervisor::tai::Tai64n;

/// A service directory whose `supervise` is the test itself.
struct Fake {
    parent: tempfile::TempDir,
    control: File,
    _ok: File,
}

impl Fake {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let supervise = parent.path().join("sv/supervise");
        std::fs::create_dir_all(&supervise).unwrap();
        let open = |name| {
            nix::unistd::mkfifo(&supervise.join(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
            let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
            OpenOptions::new().read(true).custom_flags(flags).open(supervise.join(name)).unwrap()
        };
        Self { control: open("control"), _ok: open("ok"), parent }
    }

    fn path(&self) -> &Path {
        self.parent.path()
    }

    fn publish(&self, status: Status) {
        let name = |name: &str| -> PathBuf { self.path().join("sv").join(name) };
        std::fs::write(name("supervise/status.new"), status.pack()).unwrap();
        std::fs::rename(name("supervise/status.new"), name("supervise/status")).unwrap();
    }

    /// The letters that have come.
    fn letters(&mut self) -> String {
        let mut bytes = [0; 64];
        let count = self.control.read(&mut bytes).unwrap_or(0);
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }
}

fn status(phase: Phase, pid: u32) -> Status {
    Status { changed: Tai64n::from_unix(1_000_000_000, 0), phase, pid, ..Status::NEW }
}

/// The fields of a record, each in its place, and a JSON object of them.
#[test]
fn svstat_prints_records() {
    let fake = Fake::new();
    let ended = Status {
        last_exit: LastExit::Status(15),
        want: Want::Down,
        deaths: 3,
        ready_since: Tai64n::from_unix(1_000_000_001, 0),
        ..status(Phase::Down, 0)
    };
    fake.publish(ended);
    let fields = "up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum,updownsince,readysince,state,deaths";
    let answer = run(&ours("svstat"), ["-o", fields, "sv"], fake.path());
    let expected = "false false true false false -1 -1 SIGTERM 15 \
                    @400000003b9aca0a00000000 @400000003b9aca0b00000000 down 3\n";
    assert_eq!(answer.out, expected);
    let answer = run(&ours("svstat"), ["--json", "sv", "none"], fake.path());
    let lines: Vec<serde_json::Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["since"].as_i64().unwrap() > 700_000_000);
    let mut object = lines[0].clone();
    object["since"] = 0.into();
    let expected = serde_json::json!({
        "dir": "sv", "supervised": true, "state": "down", "pid": null, "since": 0, "ready": false, "want": "down",
        "paused": false, "normally_up": true, "deaths": 3, "exit": 143,
    });
    assert_eq!(object, expected);
    let reason = "unable to chdir: file does not exist";
    assert_eq!(lines[1], serde_json::json!({ "dir": "none", "supervised": null, "error": reason }));
}

/// `--` ends the options, whatever they are: a service may be called like one.
#[test]
fn svstat_ends_options() {
    let fake = Fake::new();
    fake.publish(status(Phase::Down, 0));
    std::fs::rename(fake.path().join("sv"), fake.path().join("-o")).unwrap();
    for (arguments, expected) in [
        (&["--", "-o"][..], "-o: down "),
        (&["-o", "up", "--", "-o"], "false\n"),
        (&["--json", "--", "-o"], "\"dir\":\"-o\",\"exit\""),
    ] {
        let answer = run(&ours("svstat"), arguments, fake.path());
        assert!(answer.out.contains(expected) && answer.out.lines().count() == 1, "{arguments:?}: {answer:?}");
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// Letters are sent once each, in order, with one write for each directory; signals by name are letters too.
#[test]
fn svc_sends_letters() {
    let mut fake = Fake::new();
    for (arguments, letters) in [
        (&["-udx", "-du", "sv"][..], "udx"),
        (&["-s", "HUP", "-p", "sv"], "hp"),
        (&["-P", "-r", "--", "sv"], "Pr"),
        (&["sv"], ""),
    ] {
        let answer = run(&ours("svc"), arguments, fake.path());
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert_eq!(fake.letters(), letters, "{arguments:?}");
    }
}

/// Waiting ends when the record says so, at once when it already does, and with 1 when it cannot or time is up.
#[test]
fn waits_for_records() {
    let mut fake = Fake::new();
    fake.publish(status(Phase::Run, 7));
    let code = |program: &str, arguments: &[&str]| run(&ours(program), arguments, fake.path()).code;
    assert_eq!(code("svwait", &["-u", "sv"]), Some(0));
    assert_eq!(code("svwait", &["-d", "-t50", "sv"]), Some(1));
    assert_eq!(code("svwait", &["-t50", "-o", "-r", "sv", "sv"]), Some(1));
    assert_eq!(code("svwait", &["-u", "none"]), Some(111));
    assert_eq!(code("svwait", &["-u", "-d", "sv"]), Some(100));
    let mut command = Command::new(ours("svc"));
    let child = command.args(["-d", "-wD", "sv"]).current_dir(fake.path()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    kit::until("a command", || fake.letters() == "d");
    fake.publish(status(Phase::Finish, 8));
    fake.publish(status(Phase::Down, 0));
    assert_eq!(kit::end_of(&mut child), Some(0));
    fake.publish(Status { ended_for_good: true, ..status(Phase::Down, 0) });
    let answer = run(&ours("svwait"), ["-u", "sv"], fake.path());
    assert_eq!(
        (answer.code, answer.err.as_str()),
        (Some(1), "svwait: warning: sv did not get there: it has ended for good\n")
    );
}

/// Every program answers --help with its exit codes and an example, and --version.
#[test]
fn help() {
    for program in ["svc", "svstat", "svok", "svwait", "svscanctl", "svlog", "svscan", "supervise"] {
        let help = run(&ours(program), ["--help"], Path::new("/"));
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""), "{program}");
        assert!(help.out.contains("exit codes: 0") && help.out.contains("example"), "{program}");
        let version = run(&ours(program), ["--version"], Path::new("/"));
        assert!(version.code == Some(0) && version.out.contains(env!("CARGO_PKG_VERSION")), "{program}");
    }
    assert_eq!(run(&ours("svscanctl"), ["-a"], Path::new("/")).code, Some(100));
    assert_eq!(run(&ours("svscanctl"), ["-a", "/none"], Path::new("/")).code, Some(111));
}
