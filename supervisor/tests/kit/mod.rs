//! What the tests of the clients and of svlog share: running programs, supervised services, bounded waiting.
#![allow(dead_code, missing_docs)] // Each test program uses a part of it.

#[path = "../../../tests/src/executable.rs"]
pub mod executable;
#[path = "../../../tests/src/skip.rs"]
pub mod skip;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time that anything here may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The path of a program of ours.
pub fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_svc")).with_file_name(name)
}

/// The path of a peer's program. Where it is missing: a failure for root, for others a loud skip.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(name);
    if path.exists() {
        return Some(path);
    }
    let message = format!("{} is missing: install daemontools, runit and s6", path.display());
    skip::skip(&message);
    None
}

/// What a program answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a program to its end.
pub fn run<A: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = A>, directory: &Path) -> Answer {
    let output = Command::new(program).args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a child's end; gives its exit code.
pub fn end_of(child: &mut Child) -> Option<i32> {
    let mut status = None;
    until("end of a child", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

/// Sends a signal.
pub fn signal(child: &Child, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

/// A service under some supervise. It is stopped when dropped.
pub struct Supervised {
    pub directory: PathBuf,
    child: Child,
}

impl Supervised {
    /// Makes the service `name` below `parent` and starts `supervise` on it; returns once a record is there and somebody listens.
    pub fn start(supervise: &Path, parent: &Path, name: &str) -> Self {
        executable::write(&parent.join(name).join("run"), "#!/bin/sh\nexec sleep 1000\n");
        Self::resume(supervise, parent, name)
    }

    /// Starts `supervise` on a service that is there already.
    pub fn resume(supervise: &Path, parent: &Path, name: &str) -> Self {
        let mut command = Command::new(supervise);
        command.arg(name).current_dir(parent);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let directory = parent.join(name);
        until("a status record", || directory.join("supervise/status").metadata().is_ok_and(|m| m.len() >= 18));
        // The FIFO that it opens last; s6's has no other.
        let last = if supervise.ends_with("s6-supervise") { "supervise/control" } else { "supervise/ok" };
        let mut fifo = fs::OpenOptions::new();
        fifo.write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
        until("a supervise that listens", || fifo.open(directory.join(last)).is_ok());
        Self { directory, child: child.unwrap() }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // KILL as well: the service may be paused.
        let _ = Command::new(ours("svc")).arg("-dkx").arg(&self.directory).stderr(Stdio::null()).status();
        let end = Instant::now() + DEADLINE;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > end {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
