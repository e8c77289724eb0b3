//! What a syntax error costs: the key that it stands in. Reading goes on at the next key of the document, or at the next
//! document, so that everything else that is wrong is told in the same run.
//!
//! Nothing that a map of lines has in it begins where its keys do: so a line that begins there, and with a key, is one,
//! whatever stands before it.

use std::borrow::Cow;
use std::mem;

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::builder::{Builder, Frame, Next, Open};
use super::{Entry, MOST_DIAGNOSTICS, Node, Value, syntax};
use crate::Place;
use crate::source::Source;

/// After so many syntax errors the rest of a file is not read: a quote that is not closed may take the parser to the end.
const MOST_TEARS: usize = 20;

/// The beginning of a document.
const DOCUMENT: &str = "---";

/// Where a parser begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    /// So many lines stand before.
    pub(super) line: usize,
    /// So many bytes stand before.
    pub(super) byte: usize,
}

/// What syntax errors have torn in a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tear<'a> {
    /// Keys of its map whose values nobody knows.
    pub(crate) keys: Vec<(Cow<'a, str>, Place)>,
}

impl Tear<'_> {
    /// The same with texts of its own.
    pub(super) fn into_owned(self) -> Tear<'static> {
        let keys = self.keys.into_iter().map(|(key, place)| (Cow::Owned(key.into_owned()), place));
        Tear { keys: keys.collect() }
    }
}

impl Builder<'_> {
    /// Tells a syntax error and finds out where to go on; `None`: nowhere.
    pub(super) fn abandon(&mut self, error: &ScanError) -> Option<Start> {
        // Its anchor may stand where the text is torn.
        if self.tear.is_none() || !matches!(error.kind(), ErrorKind::UnknownAnchor) {
            let (place, message) = syntax::explain(self, error);
            self.error(&place, message);
        }
        self.anchors.clear();
        self.tears += 1;
        let is_in_map = self.tear_off(self.line(error.marker()));
        let behind = if is_in_map { self.key_line as usize } else { self.line(error.marker()) };
        let next = self.next_start(behind.max(self.start.line + 1));
        let is_enough = self.errors_so_far >= MOST_DIAGNOSTICS || self.tears >= MOST_TEARS;
        if is_enough && next.is_some() {
            self.error(&Place::whole(self.source.file.clone()), "too much is wrong: the rest is not read".into());
        }
        let next = next.filter(|_| !is_enough);
        // What stands before the first document belongs to it.
        let is_another = |start: Start| self.is_begun && self.source.text[start.byte..].starts_with(DOCUMENT);
        if next.is_none_or(is_another) {
            self.give_up();
        }
        self.start = next?;
        next
    }

    /// Takes the document's map apart at an error in this line, and keeps what is whole; false: there is none.
    fn tear_off(&mut self, line: usize) -> bool {
        let tear = self.tear.get_or_insert_default();
        let mut open = mem::take(&mut self.stack).into_iter();
        let (root, value) = (open.next(), open.next());
        let whole = value.and_then(|value| whole_items(self.source, value, self.last_line, line));
        self.held = root.or(self.held.take()).filter(|frame| matches!(frame.open, Open::Map(_)));
        let Some(Open::Map(map)) = self.held.as_mut().map(|frame| &mut frame.open) else { return false };
        let torn = match mem::take(&mut map.next) {
            Next::Value(key, place) => match whole {
                Some(value) => {
                    map.entries.push(Entry { key, place, value });
                    None
                }
                None => Some((key, place)),
            },
            // What stands in the same line as the error may be part of what is wrong.
            Next::Key if self.last_line >= line => map.entries.pop().map(|entry| (entry.key, entry.place)),
            Next::Key | Next::Useless => None,
        };
        tear.keys.extend(torn);
        true
    }

    /// The next line, after so many, that begins a key of the document's map, or a document.
    fn next_start(&self, after: usize) -> Option<Start> {
        let column = self.held.as_ref().map_or(0, |frame| frame.place.column as usize - 1);
        let mut start = Start::default();
        for line in self.source.text.split_inclusive('\n') {
            if start.line >= after
                && (line.trim_end() == DOCUMENT || line.starts_with("--- ") || begins_key(line, column))
            {
                return Some(start);
            }
            start = Start { line: start.line + 1, byte: start.byte + line.len() };
        }
        None
    }
}

/// The items of a list of `-` lines that end in front of an error in this line; `None`: there are none. The last thing
/// that was read ends in `last_line`.
fn whole_items<'a>(source: &Source, value: Frame<'a>, last_line: usize, line: usize) -> Option<Node<'a>> {
    let Open::List(mut items) = value.open else { return None };
    let of_list = source.text.lines().nth(value.place.line as usize - 1)?;
    if !of_list.trim_start().starts_with("- ") {
        return None;
    }
    if last_line >= line {
        items.pop();
    }
    (!items.is_empty()).then_some(Node { place: value.place, value: Value::List(items) })
}

/// Whether a line has a key at this column, counted from 0.
fn begins_key(line: &str, column: usize) -> bool {
    let is_word = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let (indentation, rest) = line.split_at(line.len() - line.trim_start_matches(' ').len());
    indentation.len() == column
        && rest
            .trim_end()
            .split_once(':')
            .is_some_and(|(key, value)| is_word(key) && (value.is_empty() || value.starts_with(' ')))
}
