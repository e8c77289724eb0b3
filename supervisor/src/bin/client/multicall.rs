//! One program with several names: which command is meant is the name that it was called by, or else its first argument.

use super::chain::say;
use super::command_line;
use std::ffi::OsString;
use std::path::Path;

/// A command: its arguments in, its exit code out.
pub type Command = fn(&[OsString]) -> i32;

/// Runs the command that the words, the program's name first, mean.
pub fn run(program: &str, help: &str, commands: &[(&str, Command)], words: &[OsString]) -> i32 {
    let find = |word: &OsString| {
        let name = Path::new(word).file_name()?;
        commands.iter().find(|(known, _)| name == *known).map(|(_, command)| *command)
    };
    let Some((called, arguments)) = words.split_first() else { return 100 };
    if let Some(command) = find(called) {
        return command(arguments);
    }
    if command_line::answer(program, help, arguments).is_some() {
        return 0;
    }
    match arguments.split_first().and_then(|(word, arguments)| Some((find(word)?, arguments))) {
        Some((command, arguments)) => command(arguments),
        None => say(100, &[program.as_bytes(), b": usage: ", program.as_bytes(), b" command [argument...]"]),
    }
}
