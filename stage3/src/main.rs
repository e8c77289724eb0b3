//! The end of the system: stage 3, and the commands that ask for it.
//!
//! One program under several names. `shutdown`, `halt`, `poweroff` and `reboot` ask process 1; its handler runs
//! `stage3`, which stops the system. Nothing here acts on a system that is not ours: see [`guard`].

mod front;
mod guard;
mod verb;

mod stage;
mod steps;
mod stop;

mod filesystems;
mod processes;
mod services;

mod cockpit;
mod json;
mod report;
mod room;
mod waiting;

mod heir;

use front::{main_ended, runlevel};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use supervisor::paths;

/// A documented "no".
const EXIT_NO: u8 = 1;
/// The command line is wrong.
const EXIT_USAGE: u8 = 100;
/// The system refused.
const EXIT_SYSTEM: u8 = 111;

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().map(PathBuf::from).unwrap_or_default();
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // The program's path in messages would only distract.
    if let Some(first) = arguments.first_mut() {
        *first = name.clone().into();
    }
    match name.as_str() {
        "stage3" if arguments.get(1).is_some_and(|word| word == main_ended::WORD) => {
            main_ended::main(&arguments, &run_directory())
        }
        "stage3" => stage::main(&arguments),
        front::waiter::NAME => front::waiter::main(),
        "runlevel" => runlevel::main(&arguments, &run_directory()),
        // Process 1 in a container became this program: see `steps::end`.
        "finish" => main_ended::exit_code(),
        _ => front::main(&name, arguments),
    }
}

/// Where the running system keeps its files.
fn run_directory() -> PathBuf {
    std::env::var_os(paths::RUN_VARIABLE).map_or_else(|| Path::new(paths::RUN).into(), PathBuf::from)
}

/// Prints an error as every program does.
fn complain(name: &str, text: &str) {
    // Not `eprintln!`, which panics where standard error takes nothing.
    let _ = writeln!(std::io::stderr(), "{name}: error: {text}");
}
