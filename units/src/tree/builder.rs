//! Events of the YAML parser → [`Document`]s, with a stack of its own: it never recurses on what the text nests.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::mem;

use serde_yaml::granit_parser::{Event, Marker, ScalarStyle, Span};

use super::tear::{Start, Tear};
use super::{DEEPEST, Document, Entry, FEW, HEAVIEST, MOST_DIAGNOSTICS, NODE, Node, Value, syntax};
use crate::source::Source;
use crate::text::quoted;
use crate::{Diagnostic, Place, Severity};

/// A list or map whose end has not come yet.
pub(super) struct Frame<'a> {
    pub(super) place: Place,
    anchor: usize,
    height: usize,
    weight: usize,
    pub(super) open: Open<'a>,
}

pub(super) enum Open<'a> {
    List(Vec<Node<'a>>),
    Map(OpenMap<'a>),
}

#[derive(Default)]
pub(super) struct OpenMap<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// The keys of the entries, once there are more than [`FEW`].
    seen: HashSet<Cow<'a, str>>,
    pub(super) next: Next<'a>,
}

/// What the next node in a map is.
#[derive(Default)]
pub(super) enum Next<'a> {
    /// A key.
    #[default]
    Key,
    /// The value of this key.
    Value(Cow<'a, str>, Place),
    /// The value of a key that is of no use.
    Useless,
}

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
pub(super) struct Finished<'a> {
    node: Node<'a>,
    height: usize,
    weight: usize,
}

/// The documents finished so far, and the one that is being built.
pub(super) struct Builder<'a> {
    pub(super) documents: Vec<Document<'a>>,
    pub(super) source: &'a Source,
    /// Where the parser began.
    pub(super) start: Start,
    pub(super) errors_so_far: usize,
    weight_so_far: usize,
    pub(super) stack: Vec<Frame<'a>>,
    pub(super) anchors: HashMap<usize, Finished<'a>>,
    root: Option<Node<'a>>,
    errors: Vec<Diagnostic>,
    /// What errors of syntax have torn in this document.
    pub(super) tear: Option<Tear<'a>>,
    /// The document's map in front of the last tear, until the parser is behind it.
    pub(super) held: Option<Frame<'a>>,
    pub(super) tears: usize,
    /// The line of the last key of the document's map.
    pub(super) key_line: u32,
    /// The line in which the last scalar, or the last thing in brackets, ended.
    pub(super) last_line: usize,
    /// A document has begun.
    pub(super) is_begun: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            documents: Vec::new(),
            source,
            start: Start::default(),
            errors_so_far: 0,
            weight_so_far: 0,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            errors: Vec::new(),
            tear: None,
            held: None,
            tears: 0,
            key_line: 0,
            last_line: 0,
            is_begun: false,
        }
    }

    /// Takes an event; false: the rest of the file is not worth reading.
    pub(super) fn take(&mut self, event: Event<'a>, span: &Span) -> bool {
        let place = |builder: &Self| builder.place(&span.start);
        self.refuse_tag(&event, span);
        // The end of what is not in brackets is nowhere, and found at what follows.
        if span.start.index() < span.end.index() {
            self.last_line = self.line(&span.end);
        }
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
                match self.held.take() {
                    Some(root) => self.stack.push(root),
                    None => self.open(place(self), anchor, Open::Map(OpenMap::default())),
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.expand(anchor, place(self)),
            Event::DocumentStart(..) => self.is_begun = true,
            Event::DocumentEnd => self.end_document(),
            _ => {}
        }
        self.check_measures()
    }

    fn refuse_tag(&mut self, event: &Event<'_>, span: &Span) {
        let Some(tag) = event.tag() else { return };
        let place = self.place(&span.tag_start.unwrap_or(span.start));
        let message = format!("{} is a YAML tag: a text that begins with ! must be in quotes", quoted(&tag.original()));
        self.error(&place, message);
    }

    /// A tab before the first key of a document, which the parser takes for nothing if no other key follows.
    fn refuse_tab(&mut self, span: &Span) {
        let at = span.start.byte_offset().filter(|_| self.stack.is_empty()).map(|at| self.start.byte + at);
        let before = at.and_then(|at| self.source.text.get(..at));
        let indentation = before.and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        if let Some(at) = indentation.find('\t').filter(|_| indentation.trim().is_empty()) {
            let place = self.source.place(self.line(&span.start), at + 1);
            self.error(&place, syntax::TAB.into());
        }
    }

    /// The line of a place in the text that the parser was given.
    pub(super) fn line(&self, marker: &Marker) -> usize {
        marker.line().max(1) + self.start.line
    }

    pub(super) fn place(&self, marker: &Marker) -> Place {
        self.source.place(self.line(marker), marker.col() + 1)
    }

    pub(super) fn error(&mut self, place: &Place, message: String) {
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
        if self.stack.len() == 1 {
            self.key_line = node.place.line;
        }
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

    /// Ends the document with what is whole so far.
    pub(super) fn give_up(&mut self) {
        self.tear.get_or_insert_default();
        self.end_document();
    }

    fn end_document(&mut self) {
        let outermost = self.stack.drain(..).next().or(self.held.take()).and_then(|frame| match frame.open {
            Open::Map(map) => Some(Node { place: frame.place, value: Value::Map(map.entries) }),
            Open::List(_) => None,
        });
        let root = self.root.take().or(outermost);
        self.key_line = 0;
        self.is_begun = false;
        self.documents.push(Document { root, tear: self.tear.take(), errors: mem::take(&mut self.errors) });
    }
}
