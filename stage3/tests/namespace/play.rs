//! Plays a scenario to its end: the programs are staged, namespaces made, the console read.

use crate::executable;
use crate::world::MANY;
use nix::poll::{PollFd, PollFlags};
use nix::sys::stat::Mode;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An unprivileged user.
pub const NOBODY: [&str; 4] = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];

/// Texts that are awaited, each with what is typed then.
pub type Typed = &'static [(&'static str, &'static str)];

/// Who makes the namespaces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum As {
    Root,
    Nobody,
}

/// What came of it.
pub struct Outcome {
    /// Its lines.
    pub console: String,
    /// Of the service and of everyone.
    pub logs: [String; 2],
    /// Each start of a supervise, before the stop and after it began.
    pub supervises: [usize; 2],
    /// What each of the many services said.
    pub many: Vec<String>,
    /// How process 1 ended.
    pub signal: Option<i32>,
    /// The same.
    pub code: Option<i32>,
}

impl Outcome {
    pub fn last(&self) -> &str {
        self.console.lines().last().unwrap_or_default()
    }
}

/// Root finds no excuse.
pub fn possible(who: As) -> bool {
    let root = nix::unistd::geteuid().is_root();
    match who {
        As::Root => root,
        As::Nobody => unshare(who).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()),
    }
}

pub fn unshare(who: As) -> Command {
    let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--propagation=private"];
    let mut command = if who == As::Nobody && nix::unistd::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(NOBODY).arg("unshare");
        command
    } else {
        Command::new("unshare")
    };
    if who == As::Nobody {
        command.arg("--map-root-user");
    }
    command.args(namespaces).arg("--");
    command
}

/// Builds the programs of the folder below, which cargo does not do for a test here.
pub fn build_resident_programs() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "supervisor", "--bins"]);
    assert!(cargo.status().unwrap().success());
}

/// Copies of the programs where everyone may run them, and an empty directory for the root.
pub fn stage() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
    let copy = |from: PathBuf, name: &str| {
        let to = directory.path().join(name);
        executable::copy(from, &to);
        to
    };
    let own = copy(std::env::current_exe().unwrap(), "namespace");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_shutdown"));
    for name in ["svscan", "supervise", "svlog", "wrapper"] {
        copy(program.with_file_name(name), name);
    }
    let stage3 = copy(program, "shutdown");
    fs::create_dir(directory.path().join("root")).unwrap();
    fs::set_permissions(directory.path().join("root"), Permissions::from_mode(0o777)).unwrap();
    (directory, own, stage3)
}

/// Plays a scenario to its end, with a pty for a console.
pub fn play(who: As, scenario: &str) -> Outcome {
    perform(who, &[], scenario, &[])
}

/// The same below another program.
pub fn play_under(who: As, program: &[&str], scenario: &str) -> Outcome {
    perform(who, program, scenario, &[])
}

/// The same with somebody at the console: what he waits to read, one after the other, and what he types then.
pub fn play_typing(who: As, scenario: &str, typed: Typed) -> Outcome {
    perform(who, &[], scenario, typed)
}

fn perform(who: As, program: &[&str], scenario: &str, typed: Typed) -> Outcome {
    let (directory, own, stage3) = stage();
    let logs = directory.path().join("logs");
    fs::create_dir(&logs).unwrap();
    fs::set_permissions(&logs, Permissions::from_mode(0o777)).unwrap();
    let pty = nix::pty::openpty(None, None).unwrap();
    nix::sys::stat::fchmod(&pty.slave, Mode::from_bits_truncate(0o666)).unwrap();
    let name = nix::unistd::ttyname(&pty.slave).unwrap();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    if scenario.ends_with("+mute") {
        fill(&pty.slave);
    } else {
        end.send(()).unwrap();
    }
    let console = std::thread::spawn(move || {
        let _ = ended.recv();
        read_all(File::from(pty.master), typed)
    });
    let status = unshare(who)
        .args(program)
        .args([own.as_path(), "--enter".as_ref(), &directory.path().join("root"), scenario.as_ref(), &name])
        .env("NO_COLOR", if scenario.ends_with("+coloured") { "" } else { "1" })
        .env("STAGE3", stage3)
        .env("LOGS", &logs)
        .status()
        .unwrap();
    drop((pty.slave, end));
    // What had filled the console is of no interest.
    let console = console.join().unwrap().trim_start_matches('x').to_owned();
    eprint!("{console}");
    let log = |name: &str| fs::read_to_string(logs.join(name).join("current")).unwrap_or_default();
    let book = fs::read_to_string(logs.join("supervises")).unwrap_or_default();
    let count = |when| book.lines().filter(|line| *line == when).count();
    Outcome {
        console,
        logs: [log("web"), log("catch-all")],
        supervises: [count("early"), count("late")],
        many: (1..=MANY).map(|number| log(&format!("many-{number}"))).collect(),
        signal: status.signal(),
        code: status.code(),
    }
}

/// Writes until a terminal takes no more; what it took moves on inside the kernel for a moment.
fn fill(terminal: &OwnedFd) {
    let terminal = nix::unistd::ttyname(terminal).unwrap();
    let mut terminal = File::options().write(true).custom_flags(nix::libc::O_NONBLOCK).open(terminal).unwrap();
    loop {
        while terminal.write(b"x").is_ok() {}
        let mut wanted = [PollFd::new(terminal.as_fd(), PollFlags::POLLOUT)];
        if nix::poll::poll(&mut wanted, 500u16).unwrap() == 0 {
            return;
        }
    }
}

/// Reads a pty until nobody has its other side, without carriage returns.
fn read_all(mut master: File, mut typed: Typed) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let mut seen = 0;
    while let Ok(count) = master.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        while let [(text, keys), rest @ ..] = typed
            && let Some(at) = bytes[seen..].windows(text.len()).position(|window| window == text.as_bytes())
        {
            seen += at + text.len();
            master.write_all(keys.as_bytes()).unwrap();
            typed = rest;
        }
    }
    String::from_utf8(bytes).unwrap().replace('\r', "")
}
