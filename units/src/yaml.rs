//! A small tree → YAML text that [`crate::tree`] reads back as the same tree.
//!
//! The top level is one key a line; what is nested is in flow style, so that a unit stays readable. It never writes a
//! text that a reader could take for something else: whatever is not plainly a word is in double quotes.

use std::fmt::Write;

/// What a key has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// A scalar.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map, in this order.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A scalar.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of scalars.
    pub(crate) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Self::text).collect())
    }

    /// The same with other texts. It recurses no deeper than the language nests.
    pub(crate) fn map_texts(self, change: &impl Fn(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(change(&text)),
            Self::List(items) => Self::List(items.into_iter().map(|item| item.map_texts(change)).collect()),
            Self::Map(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, value.map_texts(change))).collect())
            }
        }
    }

    /// A map with one key.
    pub(crate) fn one(key: &str, value: Self) -> Self {
        Self::Map(vec![(key.into(), value)])
    }
}

/// A document: one key a line.
pub(crate) fn document(entries: &[(&str, Yaml)]) -> String {
    let mut text = String::new();
    for (key, value) in entries {
        text += key;
        text += ":";
        match value {
            Yaml::Text(value) if is_literal(value) => literal(value, &mut text),
            Yaml::Text(value) if is_sentence(value) => text += &format!(" {value}"),
            value => {
                text.push(' ');
                flow(value, &mut text);
            }
        }
        text.push('\n');
    }
    text
}

/// A value on one line.
pub(crate) fn line(value: &Yaml) -> String {
    let mut text = String::new();
    flow(value, &mut text);
    text
}

/// A value on one line. It recurses no deeper than the language nests, which is four levels.
fn flow(value: &Yaml, text: &mut String) {
    match value {
        Yaml::Text(value) if is_word(value) => text.push_str(value),
        Yaml::Text(value) => quote(value, text),
        Yaml::List(items) => {
            text.push('[');
            for (item, number) in items.iter().zip(0..) {
                text.push_str(if number > 0 { ", " } else { "" });
                flow(item, text);
            }
            text.push(']');
        }
        Yaml::Map(entries) => {
            text.push('{');
            for ((key, value), number) in entries.iter().zip(0..) {
                text.push_str(if number > 0 { ", " } else { "" });
                text.push_str(key);
                text.push_str(": ");
                flow(value, text);
            }
            text.push('}');
        }
    }
}

/// A text that stands for itself everywhere.
fn is_word(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next().unwrap_or(' ');
    let begins_well = match first {
        '-' => {
            characters.next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
                && !text.trim_matches('-').is_empty()
        }
        _ => first.is_ascii_alphanumeric() || "/_.".contains(first),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_.:@+-=%".contains(c);
    begins_well && text.chars().all(is_plain) && !text.ends_with(':') && !text.starts_with("...")
}

/// A text that stands for itself after a key.
fn is_sentence(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "/_.@+-=%(),;' ".contains(c);
    text.starts_with(char::is_alphanumeric) && !text.ends_with(' ') && text.chars().all(is_plain)
}

/// A text of lines that a block can hold as it is.
fn is_literal(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    let is_plain = |c: char| c == '\t' || !(c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c));
    let is_line = |line: &str| line.chars().all(is_plain) && (line.is_empty() || !line.trim().is_empty());
    text.contains('\n')
        && !lines.ends_with('\n')
        && !lines.starts_with(char::is_whitespace)
        && lines.split('\n').all(is_line)
}

fn literal(value: &str, text: &mut String) {
    let lines = value.strip_suffix('\n');
    text.push_str(if lines.is_some() { " |" } else { " |-" });
    for line in lines.unwrap_or(value).split('\n') {
        text.push_str(if line.is_empty() { "\n" } else { "\n  " });
        text.push_str(line);
    }
}

fn quote(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            c if c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c) => {
                let _ = write!(text, "\\u{:04X}", c as u32);
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
