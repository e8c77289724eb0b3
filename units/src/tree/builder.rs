//! Events of the YAML parser → [`Document`]s, with a stack of its own: it never recurses on what the text nests.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::mem;

use serde_yaml::granit_parser::{ErrorKind, Event, ScalarStyle, ScanError, Span};

use super::{DEEPEST, Document, Entry, FEW, HEAVIEST, MOST_DIAGNOSTICS, NODE, Node, Value};
use crate::source::Source;
use crate::text::quoted;
use crate::{Diagnostic, Place, Severity};

/// A list or map whose end has not come yet.
struct Frame<'a> {
    place: Place,
    anchor: usize,
    height: usize,
    weight: usize,
    open: Open<'a>,
}

enum Open<'a> {
    List(Vec<Node<'a>>),
    Map(OpenMap<'a>),
}

#[derive(Default)]
struct OpenMap<'a> {
    entries: Vec<Entry<'a>>,
    /// The keys of the entries, once there are more than [`FEW`].
    seen: HashSet<Cow<'a, str>>,
    next: Next<'a>,
}

/// What the next node in a map is.
#[derive(Default)]
enum Next<'a> {
    /// A key.
    #[default]
    Key,
    /// The value of this key.
    Value(Cow<'a, str>, Place),
    /// The value of a key that is of no use.
    Useless,
}

/// What is wrong with a tab.
const TAB: &str = "a tab cannot indent: use spaces";

impl<'a> OpenMap<'a> {
    /// Whether a key has been there.
    fn has(&mut self, key: &str) -> bool {
        if self.entries.len() <= FEW {
            return self.find(key).is_some();
        }
        self.seen.extend(self.entries[self.seen.len()..].iter().map(|entry| entry.key.clone()));
        self.seen.contains(key)
    }

    fn find(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// A finished node with its measures.
#[derive(Clone)]
struct Finished<'a> {
    node: Node<'a>,
    height: usize,
    weight: usize,
}

/// The documents finished so far, and the one that is being built.
pub(super) struct Builder<'a> {
    pub(super) documents: Vec<Document<'a>>,
    source: &'a Source,
    errors_so_far: usize,
    weight_so_far: usize,
    stack: Vec<Frame<'a>>,
    anchors: HashMap<usize, Finished<'a>>,
    root: Option<Node<'a>>,
    errors: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            documents: Vec::new(),
            source,
            errors_so_far: 0,
            weight_so_far: 0,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            errors: Vec::new(),
        }
    }

    /// Takes an event; false: the rest of the file is not worth reading.
    pub(super) fn take(&mut self, event: Event<'a>, span: &Span) -> bool {
        let place = |builder: &Self| builder.source.place(span.start.line(), span.start.col() + 1);
        self.refuse_tag(&event, span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let place = place(self);
                // What stands in the file as it is has none: [`Source`] sees to that.
                if matches!(&text, Cow::Owned(text) if text.contains('\0')) {
                    self.error(&place, "a text must not contain a NUL character".into());
                }
                let value = match tag {
                    // What was meant is a text: `!/dev/kvm`, say. One error is enough for it.
                    Some(tag) => Value::Text(format!("{}{text}", tag.original()).into()),
                    // The parser makes a ~ of what is not there.
                    None if style == ScalarStyle::Plain && span.start.index() == span.end.index() => Value::Nothing,
                    None => Value::Text(text),
                };
                self.finish_scalar(place, value, anchor);
            }
            Event::SequenceStart(_, anchor, _) => self.open(place(self), anchor, Open::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                self.refuse_tab(span);
                self.open(place(self), anchor, Open::Map(OpenMap::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.expand(anchor, place(self)),
            Event::DocumentEnd => self.end_document(),
            _ => {}
        }
        self.check_measures()
    }

    fn refuse_tag(&mut self, event: &Event<'_>, span: &Span) {
        let Some(tag) = event.tag() else { return };
        let start = span.tag_start.unwrap_or(span.start);
        let place = self.source.place(start.line(), start.col() + 1);
        let message = format!("{} is a YAML tag: a text that begins with ! must be in quotes", quoted(&tag.original()));
        self.error(&place, message);
    }

    /// A tab before the first key of a document, which the parser takes for nothing if no other key follows.
    fn refuse_tab(&mut self, span: &Span) {
        let before =
            span.start.byte_offset().filter(|_| self.stack.is_empty()).and_then(|at| self.source.text.get(..at));
        let indentation = before.and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        if let Some(at) = indentation.find('\t').filter(|_| indentation.trim().is_empty()) {
            let place = self.source.place(span.start.line(), at + 1);
            self.error(&place, TAB.into());
        }
    }

    /// Gives the present document up for a syntax error; false: there have been enough of them.
    pub(super) fn abandon(&mut self, error: &ScanError) -> bool {
        let marker = error.marker();
        let place = is_of_a_tab(error).then(|| self.first_tab(marker.line())).flatten();
        let place = place.unwrap_or_else(|| self.source.place(marker.line().max(1), marker.col() + 1));
        let line = self.source.snippet(&place).unwrap_or_default();
        let is_variable = line.contains("${") && !line.contains("\"");
        let hint = if is_variable { " (in brackets or braces a text with ${ must be in quotes)" } else { "" };
        self.error(&place, explain(error) + hint);
        self.give_up();
        self.errors_so_far < MOST_DIAGNOSTICS
    }

    /// The first tab of an indentation from a line on: the parser names the end of what stood before.
    fn first_tab(&self, line: usize) -> Option<Place> {
        let lines = self.source.text.lines().zip(1..).skip(line.saturating_sub(1));
        let column = |text: &str| text.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t');
        let (column, line) = lines.into_iter().find_map(|(text, line)| Some((column(text)?, line)))?;
        Some(self.source.place(line, column + 1))
    }

    fn error(&mut self, place: &Place, message: String) {
        self.errors_so_far += 1;
        self.errors.push(self.source.diagnostic(Severity::Error, place, message));
    }

    fn finish_scalar(&mut self, place: Place, value: Value<'a>, anchor: usize) {
        let length = if let Value::Text(text) = &value { text.len() } else { 0 };
        let finished = Finished { node: Node { place, value }, height: 1, weight: NODE + length };
        self.weight_so_far += finished.weight;
        self.finish(finished, anchor);
    }

    fn open(&mut self, place: Place, anchor: usize, open: Open<'a>) {
        self.weight_so_far += NODE;
        self.stack.push(Frame { place, anchor, height: 0, weight: NODE, open });
    }

    fn close(&mut self) {
        let Some(Frame { place, anchor, height, weight, open }) = self.stack.pop() else { return };
        let value = match open {
            Open::List(items) => Value::List(items),
            Open::Map(map) => Value::Map(map.entries),
        };
        self.finish(Finished { node: Node { place, value }, height: height + 1, weight }, anchor);
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, finished: Finished<'a>, anchor: usize) {
        if anchor != 0 {
            self.weight_so_far += finished.weight;
            self.anchors.insert(anchor, finished.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(finished.node);
            return;
        };
        frame.height = frame.height.max(finished.height);
        frame.weight += finished.weight;
        match &mut frame.open {
            Open::List(items) => items.push(finished.node),
            Open::Map(map) => match mem::take(&mut map.next) {
                Next::Value(key, place) => map.entries.push(Entry { key, place, value: finished.node }),
                Next::Useless => {}
                Next::Key => self.take_key(finished.node),
            },
        }
    }

    fn take_key(&mut self, node: Node<'a>) {
        let Some(Frame { open: Open::Map(map), .. }) = self.stack.last_mut() else { return };
        map.next = Next::Useless;
        let Value::Text(text) = node.value else {
            return self.error(&node.place, "a key must be a word".into());
        };
        if !map.has(&text) {
            map.next = Next::Value(text, node.place);
            return;
        }
        let first = map.find(&text).map(|first| (first.place.clone(), "the first one".into()));
        self.error(&node.place, format!("key {} is here a second time", quoted(&text)));
        if let Some(error) = self.errors.last_mut() {
            error.related.extend(first);
        }
    }

    fn expand(&mut self, anchor: usize, place: Place) {
        let Some(finished) = self.anchors.get(&anchor) else {
            self.error(&place, "an alias must not stand inside what it names".into());
            return self.finish_scalar(place, Value::Nothing, 0);
        };
        // Weighed before it is copied, so that no alias of an alias ever takes the memory.
        self.weight_so_far += finished.weight;
        if self.weight_so_far <= HEAVIEST {
            self.finish(finished.clone(), 0);
        }
    }

    fn check_measures(&mut self) -> bool {
        let deepest = self.stack.iter().rev().zip(1..).map(|(frame, above)| frame.height + above).max().unwrap_or(0);
        let refusal = if deepest > DEEPEST || self.stack.len() > DEEPEST {
            format!("nested too deeply: at most {DEEPEST} levels")
        } else if self.weight_so_far > HEAVIEST {
            format!("too large: at most {} KiB, aliases included", HEAVIEST / 1024)
        } else if self.errors_so_far < MOST_DIAGNOSTICS {
            return true;
        } else {
            self.give_up();
            return false;
        };
        let place = self.stack.first().map_or_else(|| self.source.place(1, 1), |frame| frame.place.clone());
        self.error(&place, refusal);
        self.give_up();
        false
    }

    /// Ends the document with the keys that are whole so far.
    fn give_up(&mut self) {
        let outermost = self.stack.drain(..).next().and_then(|frame| match frame.open {
            Open::Map(mut map) => {
                // A value that no other key came after may be part of what is wrong.
                if matches!(map.next, Next::Key) {
                    map.entries.pop();
                }
                Some(Node { place: frame.place, value: Value::Map(map.entries) })
            }
            Open::List(_) => None,
        });
        let root = self.root.take().or(outermost);
        self.documents.push(Document { root, is_torn: true, errors: mem::take(&mut self.errors) });
    }

    fn end_document(&mut self) {
        let root = self.root.take();
        self.documents.push(Document { root, is_torn: false, errors: mem::take(&mut self.errors) });
    }
}

/// Whether a tab is what is wrong; some errors say so in words only.
fn is_of_a_tab(error: &ScanError) -> bool {
    let is_kind =
        matches!(error.kind(), ErrorKind::TabNotAllowed | ErrorKind::TabInIndentation | ErrorKind::TabInPlainScalar);
    is_kind || error.info().starts_with("tabs disallowed")
}

/// A syntax error in words for who writes units.
fn explain(error: &ScanError) -> String {
    match error.kind() {
        _ if is_of_a_tab(error) => TAB.into(),
        ErrorKind::RecursionLimitExceeded => format!("nested too deeply: at most {DEEPEST} levels"),
        ErrorKind::UnknownAnchor => "the alias names an anchor that is not there".into(),
        ErrorKind::UnexpectedEof => "the text ends too early".into(),
        _ => format!("not YAML: {}", error.info()),
    }
}
