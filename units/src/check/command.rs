//! `run`, `start`, `stop`: a list is argv, a text is a script.

use super::Checker;
use crate::Command;
use crate::tree::{Node, Value};

impl<'a> Checker<'a> {
    pub(super) fn command(&mut self, key: &str) -> Option<Command> {
        let node = self.field(key)?;
        match &node.value {
            Value::List(_) => self.argv(key, node).map(Command::Argv),
            Value::Text(text) if !text.trim().is_empty() => Some(Command::Script(text.to_string())),
            _ => self.wrong(key, node, "a command: a list of words, or a script"),
        }
    }

    /// A list of words, the first of which names a program.
    pub(super) fn argv(&mut self, key: &str, node: &'a Node<'a>) -> Option<Vec<String>> {
        let items = self.list(key, node);
        match items.first().map(|first| &first.value) {
            None if matches!(node.value, Value::List(_)) => {
                self.error(&node.place, format!("\"{key}\" must be a command, not an empty list"));
                return None;
            }
            Some(Value::Text(text)) if text.is_empty() => {
                self.error(&node.place, format!("\"{key}\" must begin with a program, not with an empty word"));
            }
            _ => {}
        }
        let mut words = Vec::with_capacity(items.len());
        for item in items {
            words.push(self.word(key, item)?);
        }
        Some(words)
    }

    /// A word of a command; it may be empty, but somebody must have written it.
    fn word(&mut self, key: &str, node: &'a Node<'a>) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.to_string()),
            _ => self.wrong(key, node, "a list of words"),
        }
    }
}
