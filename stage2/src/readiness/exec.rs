//! A command that is asked whether a unit is ready: exit 0 says yes.
//!
//! It is in a process group of its own, which is killed once it has answered or takes too long: a hung command must not
//! keep a unit from being asked again, and none may leave processes behind. Nobody ever waits for its end, nor for its
//! beginning: it may be on a file server that does not answer.

use nix::fcntl::{OFlag, open};
use nix::sys::signal::{Signal, killpg};
use nix::sys::stat::Mode;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, setpgid};
use supervisor::sys::close::close_all_but;
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, fork};
use supervisor::sys::signal::{Disposition, Signals, set_blocked, set_disposition};
use supervisor::sys::wait::wait_for;

use crate::engine::event::Nanoseconds;
use crate::system::descriptors;
use crate::system::execution::Execution;

/// How long one answer may take; then the command is killed, and asked again when it is time.
const PATIENCE: Nanoseconds = 10_000_000_000;
/// The exit code of a child that could not exec.
const NOT_RUN: i32 = 127;
/// The number of SIGPIPE, which Rust's runtime ignores.
const PIPE: u32 = 13;

/// The command, and its process while it runs. Dropping it kills the process and its group.
#[derive(Debug)]
pub(super) struct Asked {
    argv: Vec<String>,
    running: Option<(u32, Nanoseconds)>,
}

impl Asked {
    /// Asks nothing yet.
    pub fn new(argv: Vec<String>) -> Self {
        Self { argv, running: None }
    }

    /// The command runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Its process, which is a child until it is asked after its end, or given up.
    pub fn process(&self) -> Option<u32> {
        self.running.map(|(process, _)| process)
    }

    /// When it is given up.
    pub fn patience(&self) -> Option<Nanoseconds> {
        self.running.map(|(_, end)| end)
    }

    /// Takes the answer if there is one, else asks if it is time. To be called when its process has ended.
    pub fn ask(&mut self, is_due: bool, now: Nanoseconds) -> bool {
        let Some((process, end)) = self.running else {
            if is_due {
                self.running = begin(&self.argv).map(|process| (process, now.saturating_add(PATIENCE)));
            }
            return false;
        };
        if is_alive(process) {
            if end <= now {
                self.give_up();
            }
            return false;
        }
        // The group's number is its own as long as the process is not reaped.
        kill(process);
        self.running = None;
        wait_for(process).is_ok_and(|ended| ended.status == 0)
    }

    /// Whoever reaps children reaps it.
    fn give_up(&mut self) {
        if let Some((process, _)) = self.running.take() {
            kill(process);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Starts a command, and does not wait until it is executed.
fn begin(argv: &[String]) -> Option<u32> {
    let mut execution = Execution::of(argv).ok()?;
    match fork().ok()? {
        Fork::Child => {
            if prepare().is_some() {
                execution.execute();
            }
            exit(NOT_RUN)
        }
        Fork::Parent(process) => {
            // Here as well: it may have to be killed before it has got so far.
            let _ = setpgid(pid(process), pid(process));
            Some(process)
        }
    }
}

/// A process group of its own, nothing to read or to write, and of ours neither limits nor signals.
fn prepare() -> Option<()> {
    setpgid(pid(0), pid(0)).ok()?;
    // One that hangs before it is executed must not keep the engine's end of anything.
    close_all_but(&[]).ok()?;
    chdir("/").ok()?;
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    dup2_stdin(&null).and_then(|()| dup2_stdout(&null)).and_then(|()| dup2_stderr(&null)).ok()?;
    descriptors::restore_limit();
    set_disposition(PIPE, Disposition::Default).ok()?;
    set_blocked(Signals::NONE).ok().map(drop)
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.cast_signed())
}

fn kill(process: u32) {
    let _ = killpg(pid(process), Signal::SIGKILL);
}

fn is_alive(process: u32) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(pid(process)), flags) == Ok(WaitStatus::StillAlive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn asked(script: &str) -> Asked {
        Asked::new(["/bin/sh", "-c", script].map(str::to_owned).to_vec())
    }

    fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn answer(asked: &mut Asked) -> bool {
        let mut is_ready = false;
        until("the answer", || {
            is_ready = asked.ask(false, 0);
            !asked.is_running()
        });
        is_ready
    }

    /// A process that is gone, or as good as.
    fn is_gone(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    }

    /// Exit 0 says yes, and nothing else does.
    #[test]
    fn answers() {
        for (script, expected) in [("exit 0", true), ("exit 1", false), ("kill -9 $$", false)] {
            let mut asked = asked(script);
            assert!(!asked.ask(true, 0));
            assert_eq!(answer(&mut asked), expected, "{script}");
        }
    }

    /// What a command leaves behind is killed with its answer.
    #[test]
    fn leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("pid");
        let mut asked = asked(&format!("sleep 1000 & echo $! >{}", note.display()));
        asked.ask(true, 0);
        assert!(answer(&mut asked));
        let pid = std::fs::read_to_string(note).unwrap();
        until("the end of what was left behind", || is_gone(pid.trim()));
    }

    /// A command that hangs is given up, and asked again when it is time.
    #[test]
    fn gives_up() {
        let mut asked = asked("exec sleep 1000");
        asked.ask(true, 5);
        let pid = asked.process().unwrap();
        assert_eq!(asked.patience(), Some(5 + PATIENCE));
        assert!(!asked.ask(false, 4 + PATIENCE) && asked.process() == Some(pid));
        assert!(!asked.ask(false, 5 + PATIENCE) && !asked.is_running());
        until("its end", || is_gone(&pid.to_string()));
        asked.ask(true, 6 + PATIENCE);
        assert!(asked.process().is_some_and(|next| next != pid));
    }
}
