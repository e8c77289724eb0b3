//! `${NAME}` in the values of a unit → what sunup.yaml says NAME is.
//!
//! A script is never touched: its `${NAME}` is the shell's. What is not known is an error, never an empty text.

use std::collections::BTreeMap;

use crate::text::{did_you_mean, quoted};
use crate::tree::{Document, Entry, MOST_DIAGNOSTICS, Node, Value};
use crate::{Diagnostic, Severity};

/// What `${INSTANCE}` is called: a template's units have it.
pub(crate) const INSTANCE: &str = "INSTANCE";

/// Keys whose text is a script. As a list they are words, in which variables count.
const SCRIPTS: [&str; 4] = ["run", "start", "stop", "reload"];

/// So many bytes may a document grow by what its variables stand for.
const MOST_GROWTH: usize = 1 << 20;

/// Variables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// From names and values.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces every variable in a document's values; what cannot be replaced is added to its errors.
    pub(crate) fn expand(&self, document: &mut Document<'_>, instance: Option<&str>) {
        let Some(Node { value: Value::Map(entries), .. }) = &mut document.root else { return };
        let mut expansion = Expansion { variables: self, instance, growth: 0, errors: &mut document.errors };
        for Entry { key, value, .. } in entries {
            match &value.value {
                Value::Text(text) if !text.contains('$') || is_script(key) => {}
                _ => expansion.node(value),
            }
        }
        // Half of it expanded, the rest would only be wrong in other ways.
        if expansion.growth > MOST_GROWTH {
            document.root = None;
        }
    }
}

/// The expansion of one document.
struct Expansion<'a> {
    variables: &'a Variables,
    instance: Option<&'a str>,
    growth: usize,
    errors: &'a mut Vec<Diagnostic>,
}

impl Expansion<'_> {
    /// Recurses no deeper than a tree is nested, which [`crate::tree`] bounds.
    fn node(&mut self, node: &mut Node<'_>) {
        if self.growth > MOST_GROWTH || self.errors.len() >= MOST_DIAGNOSTICS {
            return;
        }
        match &mut node.value {
            Value::Text(text) if text.contains('$') => match self.text(text) {
                Ok(expanded) => *text = expanded.into(),
                Err(messages) => {
                    let error = |message| Diagnostic::new(Severity::Error, node.place.clone(), message);
                    self.errors.extend(messages.into_iter().take(MOST_DIAGNOSTICS).map(error));
                }
            },
            Value::Text(_) | Value::Nothing => {}
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| self.node(&mut entry.value)),
        }
    }

    /// The text with its variables' values, or everything that is wrong with it.
    fn text(&mut self, text: &str) -> Result<String, Vec<String>> {
        let mut wrong = Vec::new();
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            expanded.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            if let Some(after) = rest.strip_prefix("$${") {
                expanded.push_str("${");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let Some((name, after)) = after.split_once('}') else {
                    wrong.push("${ has no }: write $${ for the two characters themselves".into());
                    break;
                };
                match self.value(name) {
                    Ok(value) => expanded.push_str(&value),
                    Err(message) if wrong.contains(&message) => {}
                    Err(message) => wrong.push(message),
                }
                rest = after;
            } else {
                expanded.push('$');
                rest = &rest[1..];
            }
        }
        expanded.push_str(rest);
        if wrong.is_empty() { Ok(expanded) } else { Err(wrong) }
    }

    fn value(&mut self, name: &str) -> Result<String, String> {
        let value = if name == INSTANCE { self.instance } else { self.variables.get(name) };
        let Some(value) = value else { return Err(self.unknown(name)) };
        self.growth += value.len();
        match self.growth <= MOST_GROWTH {
            true => Ok(value.to_owned()),
            false => Err(format!("too large: variables add more than {} KiB to this unit", MOST_GROWTH / 1024)),
        }
    }

    fn unknown(&self, name: &str) -> String {
        if name == INSTANCE {
            return "only a template, whose name ends with @, has an INSTANCE".into();
        }
        if name.split_once([':', '-']).is_some_and(|(plain, _)| self.variables.get(plain).is_some()) {
            return format!("{} has a default, which only sunup.yaml gives; write $${{ for ${{ itself", quoted(name));
        }
        let hint = did_you_mean(name, self.variables.0.keys().map(String::as_str).chain([INSTANCE]));
        format!("no variable {} in sunup.yaml{hint}; write $${{ for ${{ itself", quoted(name))
    }
}

/// Whether a text that is the value of this key is a script.
pub(crate) fn is_script(key: &str) -> bool {
    SCRIPTS.contains(&key)
}

/// A text that [`Variables::expand`] turns into this one.
pub(crate) fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<String, Vec<String>> {
        let variables = Variables::new([("PORT".into(), "80".into()), ("EMPTY".into(), String::new())]);
        let mut errors = Vec::new();
        Expansion { variables: &variables, instance: Some("tty1"), growth: 0, errors: &mut errors }.text(text)
    }

    /// A variable is its value; everything else stays what it is.
    #[test]
    fn expands() {
        for (text, expected) in [
            ("${PORT}", "80"),
            ("a${PORT}b${EMPTY}${INSTANCE}", "a80btty1"),
            ("$${PORT}", "${PORT}"),
            ("$$${PORT}", "$${PORT}"),
            ("$PORT $ $$ {PORT}", "$PORT $ $$ {PORT}"),
            ("ä$", "ä$"),
        ] {
            assert_eq!(expand(text), Ok(expected.into()), "{text}");
        }
    }

    /// What is not known, or not closed, is told.
    #[test]
    fn refuses() {
        let unknown = "no variable \"PROT\" in sunup.yaml (did you mean \"PORT\"?); write $${ for ${ itself";
        let nameless = "no variable \"\" in sunup.yaml; write $${ for ${ itself";
        let open = "${ has no }: write $${ for the two characters themselves";
        let default = "\"PORT:-80\" has a default, which only sunup.yaml gives; write $${ for ${ itself";
        assert_eq!(
            expand("${PROT} ${PORT} ${} ${PROT}${PORT:-80} ${PORT"),
            Err([unknown, nameless, default, open].map(Into::into).to_vec())
        );
    }

    /// Whatever the text, its escaped form stands for it.
    #[test]
    fn escapes() {
        for text in ["${PORT}", "$${PORT}", "$$${", "$", "${", "${${", "a"] {
            assert_eq!(expand(&escaped(text)), Ok(text.into()), "{text}");
        }
    }
}
