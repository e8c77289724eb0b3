//! Running a tool of the host to its end; a failure is a panic that shows what the tool said.

use std::process::{Command, Stdio};

/// Runs the command and gives its standard output. Panics with everything it wrote unless it exits 0.
pub fn run(command: &mut Command) -> String {
    let (code, text) = output(command);
    assert!(code == Some(0), "{command:?} ended with {code:?}:\n{text}");
    text
}

/// Runs the command and gives its exit code (none: killed by a signal) and both its outputs, standard output first.
pub fn output(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    (output.status.code(), text)
}

/// A command from words, the first one the program.
pub fn words(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}
