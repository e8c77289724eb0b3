//! The plain part of YAML, in which nearly all units are written, read in a fraction of the parser's time.
//!
//! It takes a whole file or nothing: a text that is anything but this, or wrong in any way, is left to the parser, and
//! so it never tells an error. It must never take a text that the parser would refuse, or read as another tree; debug
//! builds compare the two at every reading, and where in doubt less is taken than YAML allows.
//!
//! ```text
//! file  = map                        of printable ASCII, in LF lines; at most LONGEST bytes
//! map   = (KEY ":" (" " line | end block))+            its keys at one column, at most FEW, each once
//! list  = ("- " block)+                                its dashes at one column
//! block = list | map | line          farther in than the key that it belongs to
//! line  = (SENTENCE | QUOTED | flow) end
//! flow  = "[" (item ("," item)*)? "]" | "{" (KEY ": " item ("," KEY ": " item)*)? "}"        on one line
//! item  = WORD | QUOTED | flow
//!
//! KEY      = (letter | digit | "_") (letter | digit | one of _-./@)*
//! WORD     = "-"* (letter | digit | one of _./$) (letter | digit | one of _-./$@:+=%~^)*       not ending with ":"
//! SENTENCE = "-"* (letter | digit | one of _./$) any*         without ": " and " #", not ending with ":"
//! QUOTED   = "'" any but '* "'" | '"' any but "\* '"'
//! end      = " "* (" #" any*)? LF    and empty lines, and lines that are a comment
//! ```

mod class;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{Document, Entry, FEW, HEAVIEST, NODE, Node, Value};
use crate::Place;
use crate::source::Source;
use class::{
    Class, DASHES, IN_COMMENT, IN_DOUBLE_QUOTES, IN_KEY, IN_SENTENCE, IN_SINGLE_QUOTES, IN_WORD, KEY_BEGINS,
    TEXT_BEGINS,
};

/// No text of so many bytes can have a tree that weighs too much: every node has at least one byte of its own.
const LONGEST: usize = HEAVIEST / (NODE + 1);

/// Lists and maps in each other: the language itself needs four.
const DEEPEST: usize = 8;

/// The longest key in bytes; YAML's is four times as long.
const LONGEST_KEY: usize = 256;

/// What stands behind the last byte: no text has a NUL.
const END: u8 = 0;

/// Reads a text, if all of it is plain.
pub(super) fn read(source: &Source) -> Option<Document<'_>> {
    if source.text.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { source, at: 0, line: 1, line_start: 0 };
    reader.go_on();
    let place = (reader.column() == 1).then(|| reader.place())?;
    let root = Node { place, value: Value::Map(reader.map(DEEPEST)?) };
    (reader.byte() == END).then(|| Document { root: Some(root), tear: None, errors: Vec::new() })
}

/// A text and how far it has been read.
struct Reader<'a> {
    source: &'a Source,
    /// The next byte.
    at: usize,
    /// Its line, from 1.
    line: usize,
    /// Where that begins.
    line_start: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> u8 {
        self.byte_at(self.at)
    }

    fn byte_at(&self, at: usize) -> u8 {
        self.source.text.as_bytes().get(at).copied().unwrap_or(END)
    }

    /// From 1; at the end of the text 0, where no map and no list goes on.
    fn column(&self) -> usize {
        if self.byte() == END { 0 } else { self.at - self.line_start + 1 }
    }

    fn place(&self) -> Place {
        self.source.place(self.line, self.column())
    }

    /// Takes a byte, if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let is_here = self.byte() == byte;
        self.at += usize::from(is_here);
        is_here
    }

    fn skip_spaces(&mut self) {
        while self.take(b' ') {}
    }

    /// The text from here to there, which is taken.
    fn take_to(&mut self, end: usize) -> Option<&'a str> {
        let text = self.source.text.get(self.at..end)?;
        self.at = end;
        Some(text)
    }

    /// Where the bytes end that are in a class.
    fn end_of(&self, from: usize, class: &Class) -> usize {
        let rest = self.source.text.as_bytes().get(from..).unwrap_or_default();
        rest.iter().position(|&byte| !class[usize::from(byte)]).map_or(self.source.text.len(), |length| from + length)
    }

    /// Whether nothing but a comment is left of the line.
    fn is_line_over(&mut self) -> bool {
        self.skip_spaces();
        match self.byte() {
            END | b'\n' => true,
            b'#' => self.source.text[..self.at].ends_with(' '),
            _ => false,
        }
    }

    /// Goes to the next line that has something to say.
    fn go_on(&mut self) {
        loop {
            self.skip_spaces();
            if self.byte() == b'#' {
                self.at = self.end_of(self.at, &IN_COMMENT);
            }
            if !self.take(b'\n') {
                return;
            }
            self.line += 1;
            self.line_start = self.at;
        }
    }

    fn map(&mut self, depth: usize) -> Option<Vec<Entry<'a>>> {
        let (depth, column) = (depth.checked_sub(1)?, self.column());
        let mut entries = Vec::with_capacity(FEW);
        while self.column() == column {
            let (key, place) = self.key(&entries)?;
            let value = if self.is_line_over() { self.below(column, depth)? } else { self.rest_of_line(depth)? };
            entries.push(Entry { key, place, value });
        }
        Some(entries)
    }

    /// The value of a key at this column that has nothing else in its line.
    fn below(&mut self, column: usize, depth: usize) -> Option<Node<'a>> {
        self.go_on();
        if self.column() > column { self.block(depth) } else { None }
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Node<'a>>> {
        let (depth, column) = (depth.checked_sub(1)?, self.column());
        let mut items = Vec::new();
        while self.column() == column && self.is_item() {
            self.at += 1;
            self.skip_spaces();
            items.push(self.block(depth)?);
        }
        Some(items)
    }

    fn is_item(&self) -> bool {
        self.byte() == b'-' && self.byte_at(self.at + 1) == b' '
    }

    /// A value that begins here and may have more lines.
    fn block(&mut self, depth: usize) -> Option<Node<'a>> {
        let place = self.place();
        let value = if self.is_item() {
            Value::List(self.list(depth)?)
        } else if self.end_of_key().is_some() {
            Value::Map(self.map(depth)?)
        } else {
            return self.rest_of_line(depth);
        };
        Some(Node { place, value })
    }

    /// A value that is the rest of its line.
    fn rest_of_line(&mut self, depth: usize) -> Option<Node<'a>> {
        let node = match self.byte() {
            b'[' | b'{' | b'"' | b'\'' => self.item(depth)?,
            _ => Node { place: self.place(), value: Value::Text(self.sentence()?) },
        };
        self.is_line_over().then(|| self.go_on())?;
        Some(node)
    }

    /// A value in brackets, or one that could be.
    fn item(&mut self, depth: usize) -> Option<Node<'a>> {
        let (place, depth) = (self.place(), depth.checked_sub(1)?);
        let value = match self.byte() {
            b'[' => Value::List(self.in_brackets(b']', |reader, _| reader.item(depth))?),
            b'{' => Value::Map(self.in_brackets(b'}', |reader, entries| {
                let (key, place) = reader.key(entries)?;
                reader.skip_spaces();
                Some(Entry { key, place, value: reader.item(depth)? })
            })?),
            quote @ (b'"' | b'\'') => Value::Text(self.quoted(quote)?),
            _ => Value::Text(self.word()?),
        };
        Some(Node { place, value })
    }

    /// What an opening bracket has in it, each one knowing those before.
    fn in_brackets<T>(&mut self, close: u8, one: impl Fn(&mut Self, &[T]) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        self.at += 1;
        self.skip_spaces();
        while !self.take(close) {
            if !all.is_empty() {
                self.take(b',').then(|| self.skip_spaces())?;
            }
            all.push(one(self, &all)?);
            self.skip_spaces();
        }
        Some(all)
    }

    /// A key with its colon, behind which there is a space or nothing; it must be none of these.
    fn key(&mut self, others: &[Entry<'a>]) -> Option<(Cow<'a, str>, Place)> {
        let place = self.place();
        let end = self.end_of_key()?;
        let key = self.take_to(end)?;
        self.at += 1;
        let is_new = others.len() < FEW && others.iter().all(|other| other.key != key);
        is_new.then_some((Cow::Borrowed(key), place))
    }

    /// Where the key ends that stands here.
    fn end_of_key(&self) -> Option<usize> {
        let begins_well = KEY_BEGINS[usize::from(self.byte())];
        let end = self.end_of(self.at, &IN_KEY);
        let is_key = begins_well && end - self.at <= LONGEST_KEY && self.byte_at(end) == b':';
        (is_key && matches!(self.byte_at(end + 1), b' ' | b'\n' | END)).then_some(end)
    }

    fn word(&mut self) -> Option<Cow<'a, str>> {
        let end = self.end_of(self.beginning()?, &IN_WORD);
        self.take_to(end).filter(|word| !word.ends_with(':')).map(Cow::Borrowed)
    }

    fn sentence(&mut self) -> Option<Cow<'a, str>> {
        let mut end = self.beginning()?;
        loop {
            end = self.end_of(end, &IN_SENTENCE);
            match (self.byte_at(end), self.byte_at(end + 1)) {
                (b':', b' ' | b'\n' | END) => return None,
                (b':', _) => end += 1,
                (b'#', _) if !self.source.text[..end].ends_with(' ') => end += 1,
                _ => break,
            }
        }
        Some(Cow::Borrowed(self.take_to(end)?.trim_end_matches(' ')))
    }

    /// Where a text without quotes goes on behind its dashes, if nobody can take it for something else.
    fn beginning(&self) -> Option<usize> {
        let first = self.end_of(self.at, &DASHES);
        TEXT_BEGINS[usize::from(self.byte_at(first))].then_some(first)
    }

    fn quoted(&mut self, quote: u8) -> Option<Cow<'a, str>> {
        self.at += 1;
        let end = self.end_of(self.at, if quote == b'"' { &IN_DOUBLE_QUOTES } else { &IN_SINGLE_QUOTES });
        let text = self.take_to(end)?;
        self.take(quote).then_some(Cow::Borrowed(text))
    }
}
