//! Running a program where no system call does the work.

use std::path::Path;
use std::process::Command;

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
