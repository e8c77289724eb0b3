//! Starting a one-shot's command. In the common case the child borrows the keeper's memory until the exec, while the keeper
//! goes on (decision 0078), and leaves there what kept it from the exec. Native steps need a process that computes: there the
//! keeper forks, and a pipe tells that.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use supervisor::sys::close::close_all_but;
use supervisor::sys::cradle::{Beginning, Cradle};
use supervisor::sys::descriptor::{Descriptor, STDERR, STDOUT};
use supervisor::sys::error;
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, die_with_parent, fork, new_session, own_pid, parent_pid};
use supervisor::sys::signal::{Disposition, Signals, set_blocked, set_disposition};
use supervisor::sys::spawn::Child;

use super::handle::RunStep;
use super::message::Job;
use super::record::Records;
use crate::system::command_lookup::unable_to_run;
use crate::system::descriptors;
use crate::system::execution::Execution;

/// The number of SIGKILL.
const KILL: u32 = 9;
/// The number of SIGPIPE, which Rust's runtime ignores.
const PIPE: u32 = 13;
/// The exit code of a child that could not exec; nobody reads it.
const NOT_RUN: i32 = 127;

/// Children that borrow the keeper's memory at once; each has a stack.
const MOST_BORROWERS: usize = 16;

/// A process on its way to its command.
pub(super) enum Started {
    /// It borrows our memory until it gets there.
    Borrowing(Beginning<Command>),
    /// It is a copy of us that says through this pipe why it does not get there.
    Forked(u32, OwnedFd),
}

/// What all commands of one keeper have in common.
pub(super) struct Starter {
    /// Room for children.
    cradles: Vec<Cradle<Command>>,
    /// How many children have some.
    borrowers: usize,
}

/// How a child sets itself up, with system calls alone.
#[derive(Clone, Copy, Debug)]
struct Setting {
    keeper: u32,
    output: Descriptor,
    group: Option<Descriptor>,
    /// What it keeps besides.
    kept: Option<u32>,
}

impl Setting {
    /// A session of its own that ends with the keeper, the unit's control group, standard descriptors, no signals blocked.
    fn apply(self) -> error::Result<()> {
        new_session()?;
        die_with_parent(KILL)?;
        // A keeper that has died by now would never be missed.
        if parent_pid() != self.keeper {
            return Err(error::Errno::ESRCH);
        }
        if let Some(group) = self.group {
            // One that cannot be entered costs the unit its limits, not its start.
            let _ = group.write(b"0");
        }
        self.output.duplicate_to(STDOUT.0)?;
        self.output.duplicate_to(STDERR.0)?;
        // With our end of the channel one that hangs before it is executed would hide our death.
        close_all_but(self.kept.as_slice())?;
        descriptors::restore_limit();
        set_disposition(PIPE, Disposition::Default)?;
        set_blocked(Signals::NONE).map(drop)
    }
}

impl Starter {
    /// Nobody borrows anything yet.
    pub fn new() -> Self {
        Self { cradles: Vec::new(), borrowers: 0 }
    }

    /// No child can borrow our memory before another one has left it.
    pub fn is_full(&self) -> bool {
        self.borrowers == MOST_BORROWERS
    }

    /// Starts a job whose output goes to `output`. The error is the reason why it did not run.
    pub fn start(
        &mut self,
        job: &Job,
        output: &OwnedFd,
        run_step: RunStep,
        notes: &Records,
    ) -> Result<Started, String> {
        let group =
            job.cgroup.as_ref().and_then(|leaf| File::options().write(true).open(leaf.join("cgroup.procs")).ok());
        let group_number = group.as_ref().map(|file| Descriptor(file.as_raw_fd()));
        let setting =
            Setting { keeper: own_pid(), output: Descriptor(output.as_raw_fd()), group: group_number, kept: None };
        if !job.steps.is_empty() || self.is_full() {
            return Self::fork(job, setting, run_step, notes);
        }
        // Without this note a successor would run the command again.
        notes.note_began(&job.note, job.is_stop).map_err(|error| format!("unable to note the start: {error}"))?;
        let command = Command { setting, execution: Execution::of(&job.command)?, error: None };
        let cradle = self.cradles.pop().map_or_else(Cradle::new, Ok);
        let begun = cradle.and_then(|cradle| cradle.begin(command));
        let begun = begun.map_err(|error| format!("unable to start: {error}"))?;
        self.borrowers += 1;
        Ok(Started::Borrowing(begun))
    }

    /// Takes back what a child has borrowed, once it has left. The error is why it did not become its command.
    pub fn take_back(&mut self, beginning: Beginning<Command>) -> Result<(), error::Errno> {
        let (command, cradle) = beginning.finish();
        self.cradles.push(cradle);
        self.borrowers -= 1;
        command.error.map_or(Ok(()), Err)
    }

    /// Starts a child that is a copy of us.
    fn fork(job: &Job, setting: Setting, run_step: RunStep, notes: &Records) -> Result<Started, String> {
        let mut execution = Execution::of(&job.command)?;
        let (refusal, refusal_write) =
            pipe2(OFlag::O_CLOEXEC).map_err(|error| format!("unable to start: {}", error.desc()))?;
        match fork().map_err(|error| format!("unable to start: {error}"))? {
            Fork::Parent(pid) => Ok(Started::Forked(pid, refusal)),
            Fork::Child => {
                let setting = Setting { kept: Some(refusal_write.as_raw_fd().unsigned_abs()), ..setting };
                let done = steps(job, setting, run_step, notes).and_then(|()| match job.command.is_empty() {
                    true => Ok(()),
                    false => Err(reason(&job.command, execution.execute())),
                });
                let Err(reason) = done else { exit(0) };
                let _ = File::from(refusal_write).write_all(reason.as_bytes());
                exit(1)
            }
        }
    }
}

/// Does the steps, in their own process.
fn steps(job: &Job, setting: Setting, run_step: RunStep, notes: &Records) -> Result<(), String> {
    setting.apply().map_err(|error| format!("unable to start: {error}"))?;
    for word in &job.steps {
        run_step(word)?;
    }
    let _ = std::io::stdout().flush();
    if job.command.is_empty() {
        return Ok(());
    }
    notes.note_began(&job.note, job.is_stop).map_err(|error| format!("unable to note the start: {error}"))
}

/// The child that becomes a command. What it borrows is memory, not what is in it.
#[derive(Debug)]
pub(super) struct Command {
    setting: Setting,
    execution: Execution,
    /// Why it could not; the parent reads it.
    error: Option<error::Errno>,
}

impl Child for Command {
    fn go(&mut self, _: u32) -> ! {
        self.error = Some(match self.setting.apply() {
            Ok(()) => self.execution.execute(),
            Err(error) => error,
        });
        exit(NOT_RUN)
    }
}

/// Why a command did not run.
pub(super) fn reason(command: &[String], error: error::Errno) -> String {
    let program = command.first().map_or("nothing", String::as_str);
    unable_to_run(program, Errno::from_raw(error.into()))
}
