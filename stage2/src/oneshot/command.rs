//! Starting a one-shot's command. The common case is a vfork: the keeper's memory is borrowed until the exec, and its failure
//! is known at once. Native steps need a process that computes, and a command that the kernel has not at hand may be on a
//! server that does not answer: there the keeper forks, goes on, and a pipe tells what kept the child from the exec.

use std::env;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use supervisor::sys::descriptor::{Descriptor, STDERR, STDOUT};
use supervisor::sys::error;
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, die_with_parent, fork, new_session, own_pid, parent_pid};
use supervisor::sys::signal::{Disposition, Signals, set_blocked, set_disposition};
use supervisor::sys::spawn::{Child, spawn};
use supervisor::sys::words::Word;

use super::handle::RunStep;
use super::message::Job;
use super::record::Records;
use crate::system::command_lookup::{DEFAULT_PATH, unable_to_run};
use crate::system::descriptors;
use crate::system::execution::{c_strings, candidates, environment, execute, list};
use crate::system::look::{Question, glance};

/// The number of SIGKILL.
const KILL: u32 = 9;
/// The number of SIGPIPE, which Rust's runtime ignores.
const PIPE: u32 = 13;
/// The exit code of a child that could not exec; nobody reads it.
const NOT_RUN: i32 = 127;

/// A command that has been started.
pub(super) struct Started {
    /// Its process, session and process group.
    pub pid: u32,
    /// End of file: it was exec'd; text: why not. `None`: it runs.
    pub refusal: Option<OwnedFd>,
}

/// What all commands of one keeper have in common.
pub(super) struct Starter {
    environment: Vec<CString>,
    path: String,
}

/// How a child sets itself up, with system calls alone.
#[derive(Clone, Copy)]
struct Setting {
    keeper: u32,
    output: Descriptor,
    group: Option<Descriptor>,
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
        descriptors::restore_limit();
        set_disposition(PIPE, Disposition::Default)?;
        set_blocked(Signals::NONE).map(drop)
    }
}

impl Starter {
    /// With this process's environment.
    pub fn new() -> Self {
        Self { environment: environment(), path: env::var("PATH").unwrap_or_else(|_| DEFAULT_PATH.into()) }
    }

    /// Starts a job whose output goes to `output`. The error is the reason why it did not run.
    pub fn start(&self, job: &Job, output: &OwnedFd, run_step: RunStep, notes: &Records) -> Result<Started, String> {
        let group =
            job.cgroup.as_ref().and_then(|leaf| File::options().write(true).open(leaf.join("cgroup.procs")).ok());
        let group_number = group.as_ref().map(|file| Descriptor(file.as_raw_fd()));
        let setting = Setting { keeper: own_pid(), output: Descriptor(output.as_raw_fd()), group: group_number };
        let words = c_strings(&job.command)?;
        if !(job.steps.is_empty() && is_at_hand(&candidates(&words, &self.path))) {
            return self.fork_steps(job, &words, setting, run_step, notes);
        }
        // Without this note a successor would run the command again.
        notes.note_began(&job.note, job.is_stop).map_err(|error| format!("unable to note the start: {error}"))?;
        let attempt = |words: &[CString]| -> Result<error::Result<u32>, String> {
            let (paths, arguments, environment) = (candidates(words, &self.path), list(words), list(&self.environment));
            let mut command =
                Command { setting, paths: &paths, arguments: &arguments, environment: &environment, error: None };
            let pid = spawn(&mut command, 0).map_err(|error| format!("unable to start: {error}"))?;
            match command.error {
                None => Ok(Ok(pid)),
                Some(error) => {
                    // It is a child of ours still.
                    let _ = supervisor::sys::process::wait_for(pid);
                    Ok(Err(error))
                }
            }
        };
        match attempt(&words)? {
            Ok(pid) => Ok(Started { pid, refusal: None }),
            // A script without its first line is a shell's, as execvp has it.
            Err(error::Errno::ENOEXEC) => match attempt(&for_shell(&words))? {
                Ok(pid) => Ok(Started { pid, refusal: None }),
                Err(error) => Err(reason(&job.command, error)),
            },
            Err(error) => Err(reason(&job.command, error)),
        }
    }

    /// Becomes a command in this process; returns only why it cannot.
    fn become_command(&self, words: &[CString]) -> error::Errno {
        let attempt = |words: &[CString]| {
            let (paths, arguments, environment) = (candidates(words, &self.path), list(words), list(&self.environment));
            execute(&paths, &arguments, &environment)
        };
        match attempt(words) {
            error::Errno::ENOEXEC => attempt(&for_shell(words)),
            error => error,
        }
    }

    fn fork_steps(
        &self,
        job: &Job,
        words: &[CString],
        setting: Setting,
        run_step: RunStep,
        notes: &Records,
    ) -> Result<Started, String> {
        let (refusal, refusal_write) =
            pipe2(OFlag::O_CLOEXEC).map_err(|error| format!("unable to start: {}", error.desc()))?;
        match fork().map_err(|error| format!("unable to start: {error}"))? {
            Fork::Parent(pid) => Ok(Started { pid, refusal: Some(refusal) }),
            Fork::Child => {
                let done = steps(job, setting, run_step, notes).and_then(|()| match words {
                    [] => Ok(()),
                    _ => Err(reason(&job.command, self.become_command(words))),
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

/// The child that becomes a command.
struct Command<'a> {
    setting: Setting,
    paths: &'a [CString],
    arguments: &'a [Word<'a>],
    environment: &'a [Word<'a>],
    /// Why it could not; the parent reads it.
    error: Option<error::Errno>,
}

impl Child for Command<'_> {
    fn go(&mut self, _: u32) -> ! {
        self.error = Some(match self.setting.apply() {
            Ok(()) => execute(self.paths, self.arguments, self.environment),
            Err(error) => error,
        });
        exit(NOT_RUN)
    }
}

/// Neither the file that will be executed nor one that is tried before it has to be waited for.
fn is_at_hand(candidates: &[CString]) -> bool {
    let seen = |path: &CString| glance(Path::new(OsStr::from_bytes(path.as_bytes())), Question::Exists);
    candidates.iter().map(seen).find(|seen| !matches!(seen, Some(Err(_)))).is_none_or(|seen| seen.is_some())
}

fn for_shell(words: &[CString]) -> Vec<CString> {
    let shell: &CStr = c"/bin/sh";
    std::iter::once(shell.to_owned()).chain(words.iter().cloned()).collect()
}

fn reason(command: &[String], error: error::Errno) -> String {
    let program = command.first().map_or("nothing", String::as_str);
    unable_to_run(program, Errno::from_raw(i32::from(error.0)))
}
