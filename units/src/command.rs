//! What is executed.

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A list: no shell. Never empty.
    Argv(Vec<String>),
    /// A string: a script for `/bin/sh -e`, or for its own `#!`.
    Script(String),
}
