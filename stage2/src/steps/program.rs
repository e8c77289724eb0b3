//! Running a program where no system call does the work.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

use super::StepError;
use super::error::Trying;

/// Where administration programs are.
const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// The full name of an installed program.
pub(super) fn find(name: &str) -> Option<String> {
    DIRECTORIES.into_iter().map(|directory| format!("{directory}/{name}")).find(|path| Path::new(path).exists())
}

/// Runs it and waits. Gives the exit code; an end by a signal is an error.
pub(super) fn run(name: &str, arguments: &[&str]) -> Result<i32, StepError> {
    let program = find(name).ok_or_else(|| StepError::because(format_args!("run {name}"), "it is not installed"))?;
    let status = Command::new(&program).args(arguments).status().trying(format_args!("run {program}"))?;
    status.code().ok_or_else(|| StepError::because(format_args!("run {program}"), status))
}

/// Runs it with the writing end of a pipe, whose number follows `option` as an argument of its own; `read` gets the other
/// end. Gives the exit code.
pub(super) fn run_telling(
    name: &str,
    option: &str,
    arguments: &[&str],
    read: impl FnOnce(File),
) -> Result<i32, StepError> {
    let what = format_args!("run {name}");
    let program = find(name).ok_or_else(|| StepError::because(what, "it is not installed"))?;
    let (reading, writing) = nix::unistd::pipe2(OFlag::O_CLOEXEC).trying(what)?;
    // A step is a process of its own with one thread: nobody else forks meanwhile.
    fcntl(&writing, FcntlArg::F_SETFD(FdFlag::empty())).trying(what)?;
    let number = writing.as_raw_fd().to_string();
    let mut child = Command::new(&program).args([option, &number]).args(arguments).spawn().trying(what)?;
    drop(writing);
    read(File::from(reading));
    let status = child.wait().trying(what)?;
    status.code().ok_or_else(|| StepError::because(what, status))
}

/// Runs it; any exit code but 0 is an error.
pub(super) fn run_well(name: &str, arguments: &[&str]) -> Result<(), StepError> {
    match run(name, arguments)? {
        0 => Ok(()),
        code => Err(StepError::because(
            format_args!("run {name} {}", arguments.join(" ")),
            format_args!("exit code {code}"),
        )),
    }
}
