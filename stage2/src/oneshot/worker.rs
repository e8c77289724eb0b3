//! The worker: does a one-shot's native steps, then becomes its command. Whatever keeps it from that, it says in a pipe
//! that a successful exec closes.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command as Process;

use nix::errno::Errno;
use nix::sys::signal::SigSet;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};
use units::Command;

use super::launch::Job;
use crate::system::command_lookup::{DEFAULT_PATH, unable_to_run};

/// Runs in the worker; returns its exit code if there was nothing to exec, or it could not be.
pub(super) fn work(job: &Job, output: OwnedFd, mut refusal: File) -> i32 {
    match prepare(output).map_err(|error| format!("unable to start: {error}")).and_then(|()| act(job)) {
        Ok(()) => 0,
        Err(reason) => {
            let _ = refusal.write_all(reason.as_bytes());
            1
        }
    }
}

/// Standard descriptors; the keeper has done everything else.
fn prepare(output: OwnedFd) -> io::Result<()> {
    SigSet::empty().thread_set_mask()?;
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(&output)?;
    dup2_stderr(&output)?;
    Ok(())
}

fn act(job: &Job) -> Result<(), String> {
    for step in &job.steps {
        (job.run_step)(step)?;
    }
    let _ = io::stdout().flush();
    let Some(command) = &job.command else { return Ok(()) };
    // Without this note a successor would run the command again.
    job.record.mark_started().map_err(|error| format!("unable to note the start: {error}"))?;
    Err(execute(command, &job.record.script()))
}

/// Becomes the command; returns only the reason why it cannot.
fn execute(command: &Command, script: &Path) -> String {
    let mut words: Vec<&str> = Vec::new();
    let script = script.to_string_lossy();
    match command {
        Command::Argv(argv) => words.extend(argv.iter().map(String::as_str)),
        Command::Script(text) if text.starts_with("#!") => words.push(&script),
        Command::Script(_) => words.extend(["/bin/sh", "-e", &script]),
    }
    let Some((program, arguments)) = words.split_first() else { return "unable to run nothing".into() };
    let mut process = Process::new(program);
    process.args(arguments);
    if std::env::var_os("PATH").is_none() {
        process.env("PATH", DEFAULT_PATH);
    }
    let error = process.exec();
    unable_to_run(program, Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}
