//! YAML text → a tree in which every node and every key knows its place, and every scalar keeps its text.
//!
//! The library's event stream is used rather than its serde interface, because that one stops at the first error,
//! gives no place for keys, and turns `on` and `0022` into something else. What comes out is bounded: nesting by
//! [`DEEPEST`], size by [`HEAVIEST`], however often an alias is used. Nothing here knows what a unit is.

mod builder;
mod plain;
mod syntax;
mod tear;

use std::borrow::Cow;

use serde_yaml::granit_parser::Parser;

use crate::source::Source;
use crate::{Diagnostic, Place};
use builder::Builder;

pub(crate) use tear::Tear;

/// How deep a document may be nested: the language itself needs four levels.
pub(crate) const DEEPEST: usize = 32;

/// What a file's tree may weigh, in bytes of text and [`NODE`] for every node, with aliases expanded.
const HEAVIEST: usize = 4 << 20;

/// What a node weighs without its text.
const NODE: usize = 64;

/// So many keys or names are compared one by one; among more they are looked up, so that nothing takes more than linear
/// time.
pub(crate) const FEW: usize = 16;

/// After so many diagnostics for one file, the rest is not looked for.
pub(crate) const MOST_DIAGNOSTICS: usize = 100;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'a> {
    /// Where it begins.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) value: Value<'a>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// Nothing is written there.
    Nothing,
    /// A scalar, as it was written.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A map, in the order of the text, without duplicate keys.
    Map(Vec<Entry<'a>>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    /// The key.
    pub(crate) key: Cow<'a, str>,
    /// Where the key stands.
    pub(crate) place: Place,
    /// Its value.
    pub(crate) value: Node<'a>,
}

/// One document of a file. Its texts are the file's own where they stand there as they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document<'a> {
    /// Its tree; `None`: there is none.
    pub(crate) root: Option<Node<'a>>,
    /// There were syntax errors in it: its tree is what stands around them.
    pub(crate) tear: Option<Tear<'a>>,
    /// What is wrong with it so far.
    pub(crate) errors: Vec<Diagnostic>,
}

impl<'a> Document<'a> {
    /// The value of a key of its root.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        match &self.root {
            Some(Node { value: Value::Map(entries), .. }) => {
                entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
            }
            _ => None,
        }
    }

    /// The same with texts of its own, to be kept for longer than the file's.
    pub(crate) fn into_owned(self) -> Document<'static> {
        let (root, tear) = (self.root.map(Node::into_owned), self.tear.map(Tear::into_owned));
        Document { root, tear, errors: self.errors }
    }
}

impl Node<'_> {
    /// Recurses no deeper than [`DEEPEST`].
    fn into_owned(self) -> Node<'static> {
        let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let entry = |Entry { key, place, value }: Entry<'_>| Entry { key: text(key), place, value: value.into_owned() };
        let value = match self.value {
            Value::Nothing => Value::Nothing,
            Value::Text(scalar) => Value::Text(text(scalar)),
            Value::List(items) => Value::List(items.into_iter().map(Node::into_owned).collect()),
            Value::Map(entries) => Value::Map(entries.into_iter().map(entry).collect()),
        };
        Node { place: self.place, value }
    }
}

/// Reads every document of a text. After a syntax error it goes on with the next key.
pub(crate) fn parse(source: &Source) -> Vec<Document<'_>> {
    let plain = plain::read(source).map(|document| vec![document]);
    debug_assert!(plain.as_ref().is_none_or(|plain| *plain == parse_any(source)), "two readings of:\n{}", source.text);
    plain.unwrap_or_else(|| parse_any(source))
}

/// The same without the short way for what is plain.
fn parse_any(source: &Source) -> Vec<Document<'_>> {
    let options = serde_yaml::granit_parser::options! {
        disallow_directives: true,
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut builder = Builder::new(source);
    let mut next = Some(0);
    while let Some(start) = next.take() {
        let mut parser = Parser::new_from_str_with_options(&source.text[start..], options.clone());
        while let Some(result) = parser.next_event() {
            let goes_on = match result {
                Ok((event, span)) => builder.take(event, &span),
                Err(error) => {
                    next = builder.abandon(&error).map(|start| start.byte);
                    false
                }
            };
            if !goes_on {
                break;
            }
        }
    }
    builder.documents
}
