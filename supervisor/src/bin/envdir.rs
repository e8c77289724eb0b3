//! envdir: becomes another program with an environment that the files of a directory change.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod chain;
    pub mod command_line;
    pub mod error_text;
    pub mod variable;
}

use client::variable::set_variable;
use client::{chain, command_line};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

const HELP: &str = "\
usage: envdir DIRECTORY PROGRAM [ARGUMENT...]
Runs PROGRAM with the variables that the files of DIRECTORY name. The first line of a file is the value; an empty file
removes its variable. Names that begin with a dot are left out.

exit codes: the program's; 111 usage, trouble with the directory, or it cannot be run

example: envdir ./env dnscache
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("envdir", HELP, &command_line::words()).is_some() {
        return 0;
    }
    let arguments = chain::arguments();
    let Some((directory, command)) = arguments.split_first().filter(|(_, command)| !command.is_empty()) else {
        return chain::say(111, &[b"envdir: usage: envdir dir child"]);
    };
    let mut environment = chain::environment();
    match change(&mut environment, directory) {
        Ok(()) => chain::become_program("envdir", command, &environment),
        Err((what, error)) => chain::fatal("envdir", &[&what], error),
    }
}

/// What could not be done, and why.
type Trouble = (Vec<u8>, io::Error);

/// Changes the environment as the directory says.
fn change(environment: &mut Vec<CString>, directory: &CStr) -> Result<(), Trouble> {
    let trouble = |what: &[u8], error: io::Error| ([what, directory.to_bytes()].concat(), error);
    let here = open(".", OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|error| (b"unable to switch to current directory".to_vec(), error.into()))?;
    nix::unistd::chdir(directory).map_err(|error| trouble(b"unable to switch to directory ", error.into()))?;
    let reading = |error| trouble(b"unable to read directory ", error);
    for entry in std::fs::read_dir(".").map_err(reading)? {
        let name = entry.map_err(reading)?.file_name();
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        let what = [b"unable to read ", directory.to_bytes(), b"/", name.as_bytes()];
        let content = read(&name).map_err(|error| (what.concat(), error))?;
        set_variable(environment, variable(&name, &content));
    }
    nix::unistd::fchdir(here).map_err(|error| (b"unable to switch to starting directory".to_vec(), error.into()))
}

/// A file's content. One that is gone meanwhile, or a link to nothing, is an empty one.
fn read(name: &OsStr) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    match open(name, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()) {
        Err(Errno::ENOENT) => {}
        Err(error) => return Err(error.into()),
        Ok(file) => drop(File::from(file).read_to_end(&mut content)?),
    }
    Ok(content)
}

/// The change that a file stands for: `NAME=value`, or `NAME` to remove it.
fn variable(name: &OsStr, content: &[u8]) -> CString {
    let mut entry = name.as_bytes().to_vec();
    if !content.is_empty() {
        let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let end = line.iter().rposition(|byte| !b" \t".contains(byte)).map_or(0, |last| last + 1);
        entry.push(b'=');
        entry.extend(line.iter().take(end).map(|&byte| if byte == 0 { b'\n' } else { byte }));
    }
    CString::new(entry).unwrap_or_default()
}
