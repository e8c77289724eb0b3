//! Killing at a chosen moment: after so many system calls of a reaction. It takes nothing in the product: the tracer
//! counts the calls from outside.
//!
//! A reaction begins with a trigger and is over when the traced process sleeps again and the world is as it ought to be.
//! Either the process that reacts is killed, or the first child that it makes. The tracee is stopped when the trigger
//! comes, so that no call is missed.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use supervisor::sys::process;

use crate::Outcome;
use crate::sight;

/// How long a reaction may take.
const DEADLINE: Duration = Duration::from_secs(90);
/// Between two looks at a running tracee.
const LOOK: Duration = Duration::from_micros(50);
/// `ptrace_syscall_info.op` of a stop after a call.
const AFTER_CALL: u8 = 2;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The process that reacts.
    Itself,
    /// The first child that it makes.
    Child,
    /// The same, but no more once it has become its program.
    ChildBeforeExec,
}

/// Where the kill is to come.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The process that reacts.
    pub pid: u32,
    /// Who is killed.
    pub victim: Victim,
    /// After how many of its calls, from 1.
    pub calls: u32,
    /// By which signal.
    pub signal: Signal,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The victim was killed.
    Killed,
    /// The reaction was over before; it took that many calls.
    Over(u32),
    /// The process was gone before.
    Gone,
}

/// A process that is being traced.
struct Tracee {
    pid: Pid,
    victim: Victim,
    /// The one that reacts was told to go on alone: `pid` is its child.
    is_child: bool,
    calls: u32,
}

/// Kills at a moment of the reaction to `trigger`, unless that `is_over`, after so many calls, before.
pub fn kill_at(
    moment: Moment,
    trigger: impl FnOnce() -> Outcome<()>,
    mut is_over: impl FnMut(u32) -> bool,
) -> Outcome<Reached> {
    let pid = Pid::from_raw(moment.pid.cast_signed());
    let mut options = Options::PTRACE_O_TRACESYSGOOD;
    if moment.victim != Victim::Itself {
        options |= Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK | Options::PTRACE_O_TRACECLONE;
    }
    if moment.victim != Victim::Child {
        options |= Options::PTRACE_O_TRACEEXEC;
    }
    if ptrace::seize(pid, options).is_err() {
        trigger()?;
        return Ok(Reached::Gone);
    }
    stop(pid)?;
    let mut tracee = Tracee { pid, victim: moment.victim, is_child: false, calls: 0 };
    trigger()?;
    go_on(pid, None)?;
    let end = Instant::now() + DEADLINE;
    loop {
        match tracee.wait()? {
            None if sight::state(raw(tracee.pid)) == Some('S') && is_over(tracee.calls) => {
                release(tracee.pid)?;
                return Ok(Reached::Over(tracee.calls));
            }
            None if Instant::now() > end => return Err("a reaction is never over".into()),
            None => std::thread::sleep(LOOK),
            Some(Reached::Killed) if tracee.calls < moment.calls || !tracee.is_victim() => go_on(tracee.pid, None)?,
            Some(Reached::Killed) => {
                finish(tracee.pid, moment.signal)?;
                return Ok(Reached::Killed);
            }
            Some(reached) => return Ok(reached),
        }
    }
}

impl Tracee {
    /// It is the one to be killed.
    fn is_victim(&self) -> bool {
        self.is_child || self.victim == Victim::Itself
    }

    /// The next stop, gone on from unless it is the end of a call (`Killed`: it could be now) or of everything.
    fn wait(&mut self) -> Outcome<Option<Reached>> {
        match waitpid(self.pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL))? {
            WaitStatus::StillAlive => return Ok(None),
            WaitStatus::PtraceSyscall(pid) if ptrace::syscall_info(pid)?.op == AFTER_CALL => {
                self.calls += u32::from(self.is_victim());
                return Ok(Some(Reached::Killed));
            }
            WaitStatus::PtraceSyscall(pid) => go_on(pid, None)?,
            WaitStatus::PtraceEvent(pid, _, event) => return self.take_event(pid, event),
            WaitStatus::Stopped(pid, signal) => go_on(pid, Some(signal))?,
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Ok(Some(Reached::Gone)),
            other => return Err(format!("unexpected stop: {other:?}").into()),
        }
        Ok(None)
    }

    fn take_event(&mut self, pid: Pid, event: i32) -> Outcome<Option<Reached>> {
        match event {
            ptrace_event::FORK | ptrace_event::VFORK | ptrace_event::CLONE if !self.is_child => {
                let child = Pid::from_raw(i32::try_from(ptrace::getevent(pid)?)?);
                // It stops by itself before its first call. The parent goes on without us.
                waitpid(child, Some(WaitPidFlag::__WALL))?;
                detach(pid)?;
                (self.pid, self.is_child) = (child, true);
                go_on(child, None)?;
            }
            ptrace_event::FORK | ptrace_event::VFORK | ptrace_event::CLONE => {
                let grandchild = Pid::from_raw(i32::try_from(ptrace::getevent(pid)?)?);
                waitpid(grandchild, Some(WaitPidFlag::__WALL))?;
                detach(grandchild)?;
                go_on(pid, None)?;
            }
            ptrace_event::EXEC => {
                detach(pid)?;
                return Ok(Some(Reached::Over(self.calls)));
            }
            _ => go_on(pid, None)?,
        }
        Ok(None)
    }
}

/// Kinds of event stops, as the kernel numbers them.
mod ptrace_event {
    pub const FORK: i32 = 1;
    pub const VFORK: i32 = 2;
    pub const CLONE: i32 = 3;
    pub const EXEC: i32 = 4;
}

fn raw(pid: Pid) -> u32 {
    pid.as_raw().cast_unsigned()
}

/// Stops a seized process.
fn stop(pid: Pid) -> Outcome<()> {
    ptrace::interrupt(pid)?;
    waitpid(pid, Some(WaitPidFlag::__WALL))?;
    Ok(())
}

/// Lets a stopped process run to its next stop; that it was killed meanwhile is seen by waiting.
fn go_on(pid: Pid, signal: Option<Signal>) -> Outcome<()> {
    match ptrace::syscall(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn detach(pid: Pid) -> Outcome<()> {
    match ptrace::detach(pid, None) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Leaves a running process alone.
fn release(pid: Pid) -> Outcome<()> {
    stop(pid)?;
    detach(pid)
}

/// Sends a signal to a stopped process and leaves it alone once that has had its effect: it is dead (until its tracer has
/// seen the end, its parent does not), or has executed itself again.
fn finish(pid: Pid, signal: Signal) -> Outcome<()> {
    let _ = process::kill(raw(pid), signal as u32);
    if signal != Signal::SIGKILL {
        go_on(pid, None)?;
    }
    loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL)) {
            Ok(WaitStatus::Signaled(..) | WaitStatus::Exited(..)) | Err(Errno::ECHILD) => return Ok(()),
            Ok(WaitStatus::PtraceEvent(_, _, ptrace_event::EXEC)) => return detach(pid),
            Ok(WaitStatus::Stopped(_, signal)) => go_on(pid, Some(signal))?,
            Ok(_) => go_on(pid, None)?,
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Sends a fault to a process that executes itself again then, and waits until it has.
pub fn crash(pid: u32, fault: Signal) -> Outcome<()> {
    let pid = Pid::from_raw(pid.cast_signed());
    ptrace::seize(pid, Options::PTRACE_O_TRACEEXEC)?;
    stop(pid)?;
    finish(pid, fault)
}
