//! `if`: all of its conditions must hold, else the unit is skipped.

use super::Checker;
use crate::Condition;
use crate::language::keys_inside;
use crate::text::quoted;
use crate::tree::{Entry, Node};

impl<'a> Checker<'a> {
    pub(super) fn conditions(&mut self) -> Vec<Condition> {
        let Some(node) = self.field("if") else { return Vec::new() };
        let entries = self.map("if", node, &keys_inside("if"));
        let mut conditions: Vec<Condition> = entries.iter().flat_map(|entry| self.condition(entry)).collect();
        conditions.shrink_to_fit();
        conditions
    }

    fn condition(&mut self, entry: &'a Entry<'a>) -> Vec<Condition> {
        let items = self.one_or_several(&entry.value);
        match entry.key.as_ref() {
            "path" => items.iter().filter_map(|item| self.path_condition(item)).collect(),
            "cmdline" => items.iter().filter_map(|item| self.cmdline_condition(item)).collect(),
            "container" => self.boolean("container", &entry.value).map(Condition::Container).into_iter().collect(),
            "user" => items.iter().filter_map(|item| self.user_condition(item)).collect(),
            _ => Vec::new(),
        }
    }

    fn path_condition(&mut self, node: &'a Node<'a>) -> Option<Condition> {
        let (text, absent) = self.negatable("path", node)?;
        if !text.starts_with('/') {
            return self.wrong("path", node, "an absolute path, or ! and one");
        }
        Some(Condition::Path { path: text.into(), absent })
    }

    fn cmdline_condition(&mut self, node: &'a Node<'a>) -> Option<Condition> {
        let (text, absent) = self.negatable("cmdline", node)?;
        if text.is_empty() || text.contains(char::is_whitespace) {
            self.error(&node.place, format!("\"cmdline\" must be one word, not {}", quoted(text)));
            return None;
        }
        Some(Condition::Cmdline { word: text.into(), absent })
    }

    fn user_condition(&mut self, node: &'a Node<'a>) -> Option<Condition> {
        let name = self.text("user", node)?;
        if name.contains([':', '\n']) {
            self.error(&node.place, format!("\"user\" must be the name of an account, not {}", quoted(name)));
            return None;
        }
        Some(Condition::User(name.into()))
    }

    fn negatable(&mut self, key: &str, node: &'a Node<'a>) -> Option<(&'a str, bool)> {
        let text = self.text(key, node)?;
        Some(text.strip_prefix('!').map_or((text, false), |rest| (rest, true)))
    }
}
