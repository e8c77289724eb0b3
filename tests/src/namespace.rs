//! A boot without a machine: the installed root in mount, pid, network, ipc, uts and cgroup namespaces, its `/sbin/init`
//! as process 1 there. Needs root. [`guest`](crate::guest) is the half that runs inside.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{OpenptyResult, openpty};
use nix::unistd::{Pid, ttyname};
use tempfile::TempDir;

use crate::{Console, Layer, cache, programs, root};

/// How long a boot may take to the login prompt: forty times the 1.5 s of a quiet host.
pub const BOOT: Duration = Duration::from_secs(60);
/// How long a stop may take; sunup's own overall deadline is 90 s.
pub const STOP: Duration = Duration::from_secs(120);
/// How long a single command may take.
pub const COMMAND: Duration = Duration::from_secs(30);

/// A booted root. Killed, with everything in it, when dropped.
pub struct Namespace {
    /// The console: a pty.
    pub console: Console,
    holder: Child,
    events: BufReader<ChildStdout>,
    _input: Option<ChildStdin>,
    /// Keeps the pty alive until process 1 has it, and between its opens.
    slave: Option<OwnedFd>,
    directory: TempDir,
}

/// How process 1 ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// reboot(2) was called to halt or power off: process 1 gets SIGINT.
    PowerOff,
    /// reboot(2) was called to restart: process 1 gets SIGHUP.
    Restart,
    /// Anything else: the wait status in words.
    Other(String),
}

impl Namespace {
    /// Boots the installed root under the layer.
    pub fn boot(layer: &Layer) -> Self {
        Self::boot_with(layer, &[])
    }

    /// The same, with arguments for `/sbin/init`, as a kernel passes what it does not know.
    pub fn boot_with(layer: &Layer, arguments: &[&str]) -> Self {
        let installed = root::installed();
        let directory = TempDir::with_prefix_in("namespace-", cache::directory()).expect("a temporary directory");
        let OpenptyResult { master, slave } = openpty(None, None).expect("a pty");
        for descriptor in [&master, &slave] {
            fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("a pty that nobody inherits");
        }
        let name = ttyname(&slave).expect("the pty's name");
        // An init without privileges must be able to open it again.
        File::from(slave.try_clone().expect("a second descriptor"))
            .set_permissions(fs::Permissions::from_mode(0o666))
            .expect("the pty opened up");
        let mut command = Command::new(programs::directory().join("boot"));
        command.arg("hold").arg(directory.path()).arg(name);
        command.arg(format!("{}:{}", layer.path().display(), installed.display())).args(arguments);
        let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the holder runs");
        let events = BufReader::new(holder.stdout.take().expect("a pipe from the holder"));
        let input = holder.stdin.take();
        let output = File::from(master.try_clone().expect("a second descriptor"));
        let console = Console::new("namespace", output, File::from(master));
        Self { console, holder, events, _input: input, slave: Some(slave), directory }
    }

    /// Waits until process 1 has ended, and gives how. Panics at the deadline.
    pub fn expect_end(&mut self, deadline: Duration) -> End {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        use std::os::fd::AsFd;
        let milliseconds = PollTimeout::try_from(deadline).expect("a short deadline");
        let mut descriptors = [PollFd::new(self.events.get_ref().as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut descriptors, milliseconds).expect("poll");
        assert!(ready == 1, "process 1 still runs after {deadline:?}; {}", self.console.tail());
        let mut line = String::new();
        self.events.read_line(&mut line).expect("the holder's report");
        // Nobody else has the pty now: the console's reader sees the end once our own side is closed.
        self.slave = None;
        self.console.expect_end(COMMAND);
        match line.trim_end() {
            "signal 2" => End::PowerOff,
            "signal 1" => End::Restart,
            other => End::Other(other.to_string()),
        }
    }

    /// Process 1, as the host knows it: the holder's only child.
    pub fn process_one(&self) -> Pid {
        let holder = self.holder.id();
        let path = format!("/proc/{holder}/task/{holder}/children");
        let children = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Pid::from_raw(children.trim().parse().unwrap_or_else(|_| panic!("one child in {children:?}")))
    }

    /// Where a path of the guest is on the host: its upper layer only, that is what the guest wrote.
    pub fn written(&self, path: &str) -> PathBuf {
        let upper = self.directory.path().join("upper").join(path.trim_start_matches('/'));
        PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), upper.display()))
    }

    /// What a file that the guest wrote holds.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.written(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The holder kills process 1, and with it the whole pid namespace, when its standard input ends.
        drop(self._input.take());
        self.holder.wait().ok();
    }
}
