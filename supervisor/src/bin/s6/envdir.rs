//! s6-envdir: becomes another program with an environment that the files of a directory change.

use super::become_program::become_command;
use super::say;
use crate::client::environment_directory::{Style, Trouble, change};
use crate::client::{chain, getopt};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Its name.
pub const NAME: &str = "s6-envdir";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let usage = || say::usage(NAME, "[ -I | -i ] [ -n ] [ -f ] [ -L ] [ -c nullchar ] dir prog...");
    let Some((given, [directory, command @ ..])) = getopt::split(b"iInfLc:", arguments) else { return usage() };
    let mut style = Style::DAEMONTOOLS;
    let mut may_be_absent = false;
    for (letter, argument) in given {
        match letter {
            b'i' | b'I' => may_be_absent = letter == b'I',
            b'n' => style.keeps_end = true,
            b'f' => style.whole = true,
            b'c' => match argument.as_bytes() {
                [zero] => style.zero = *zero,
                _ => return usage(),
            },
            // Values have no longest length here.
            _ => {}
        }
    }
    if command.is_empty() {
        return usage();
    }
    let mut environment = chain::environment();
    if (!may_be_absent || Path::new(directory).exists())
        && let Err(Trouble(_, error)) = change(&mut environment, &chain::c_string(directory.clone()), &style)
    {
        return say::failed(111, NAME, "unable to envdir ", directory, error);
    }
    let command: Vec<CString> = command.iter().cloned().map(chain::c_string).collect();
    become_command(NAME, &command, &environment)
}
