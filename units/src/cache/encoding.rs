//! Trees as bytes: numbers seven bits at a time, texts after their length, no names of anything.
//!
//! Reading never panics and never takes more than the bytes hold, whatever they are.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::Identity;
use crate::Place;
use crate::tree::{DEEPEST, Document, Entry, Node, Value};

const NOTHING: u8 = 0;
const TEXT: u8 = 1;
const LIST: u8 = 2;
const MAP: u8 = 3;

/// More items than most lists and maps have.
const MANY: usize = 32;

/// Adds a number.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Adds bytes after their length.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, text: &[u8]) {
    put_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

/// Adds an identity.
pub(super) fn put_identity(bytes: &mut Vec<u8>, identity: &Identity) {
    identity.0.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
}

/// Adds the documents of a file; `None`: one of them has errors.
pub(super) fn put_documents(bytes: &mut Vec<u8>, documents: &[Document<'_>]) -> Option<()> {
    put_number(bytes, documents.len() as u64);
    for document in documents {
        let root = document.root.as_ref().filter(|_| document.errors.is_empty())?;
        put_node(bytes, root);
    }
    Some(())
}

fn put_place(bytes: &mut Vec<u8>, place: &Place) {
    put_number(bytes, place.line.into());
    put_number(bytes, place.column.into());
}

/// Adds a node. It recurses no deeper than [`DEEPEST`], which every tree keeps to.
fn put_node(bytes: &mut Vec<u8>, node: &Node<'_>) {
    put_place(bytes, &node.place);
    match &node.value {
        Value::Nothing => bytes.push(NOTHING),
        Value::Text(text) => {
            bytes.push(TEXT);
            put_bytes(bytes, text.as_bytes());
        }
        Value::List(items) => {
            bytes.push(LIST);
            put_number(bytes, items.len() as u64);
            items.iter().for_each(|item| put_node(bytes, item));
        }
        Value::Map(entries) => {
            bytes.push(MAP);
            put_number(bytes, entries.len() as u64);
            for entry in entries {
                put_bytes(bytes, entry.key.as_bytes());
                put_place(bytes, &entry.place);
                put_node(bytes, &entry.value);
            }
        }
    }
}

/// Takes apart what was put together; `None` wherever the bytes are something else.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// How many follow: never more than there are bytes.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    /// Bytes after their length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.take(count)
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        std::str::from_utf8(self.bytes()?).ok().map(Cow::Borrowed)
    }

    /// An identity.
    pub(super) fn identity(&mut self) -> Option<Identity> {
        let mut words = [0; Identity::WORDS];
        for word in &mut words {
            *word = u64::from_le_bytes(self.take(8)?.try_into().ok()?);
        }
        Some(Identity(words))
    }

    /// The documents of a file, to the last byte.
    pub(super) fn documents(mut self, file: &Arc<Path>) -> Option<Vec<Document<'a>>> {
        let count = self.count()?;
        let document = |reader: &mut Self| {
            Some(Document { root: Some(reader.node(file, DEEPEST)?), is_torn: false, errors: Vec::new() })
        };
        let documents = self.several(count, document)?;
        self.rest.is_empty().then_some(documents)
    }

    fn place(&mut self, file: &Arc<Path>) -> Option<Place> {
        let (line, column) = (self.number()?, self.number()?);
        Some(Place { file: file.clone(), line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? })
    }

    fn node(&mut self, file: &Arc<Path>, depth: usize) -> Option<Node<'a>> {
        let below = depth.checked_sub(1)?;
        let place = self.place(file)?;
        let value = match self.byte()? {
            NOTHING => Value::Nothing,
            TEXT => Value::Text(self.text()?),
            LIST => {
                let count = self.count()?;
                Value::List(self.several(count, |reader| reader.node(file, below))?)
            }
            MAP => {
                let count = self.count()?;
                Value::Map(self.several(count, |reader| reader.entry(file, below))?)
            }
            _ => return None,
        };
        Some(Node { place, value })
    }

    /// So many of a kind. Memory is taken for as many as a text of a few lines has; for more, as they come.
    fn several<T>(&mut self, count: usize, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut found = Vec::with_capacity(count.min(MANY));
        for _ in 0..count {
            found.push(one(self)?);
        }
        Some(found)
    }

    fn entry(&mut self, file: &Arc<Path>, depth: usize) -> Option<Entry<'a>> {
        Some(Entry { key: self.text()?, place: self.place(file)?, value: self.node(file, depth)? })
    }
}
