//! Values as bytes: numbers one after the other, seven bits at a time, and behind them all texts as one, which is looked
//! at once for whether it is text at all. No names of anything.
//!
//! Reading never panics and never takes more than the bytes hold, whatever they are.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::{Place, Signal, UnitName};

/// More items than most lists have.
const MANY: usize = 32;

/// What can be put down as bytes and taken up again.
pub(super) trait Flat: Sized {
    /// Adds it.
    fn put(&self, writer: &mut Writer<'_>);

    /// Takes the next one; `None` wherever the bytes are something else.
    fn take(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Bytes that grow.
pub(super) struct Writer<'a> {
    numbers: Vec<u8>,
    texts: String,
    /// The file in which all places are.
    file: &'a Path,
    /// A place was in another file, or a path is no text, so that the bytes are of no use.
    is_astray: bool,
}

impl<'a> Writer<'a> {
    /// Begins with what has places in one file.
    pub(super) fn new(file: &'a Path) -> Self {
        Self { numbers: Vec::new(), texts: String::new(), file, is_astray: false }
    }

    /// All that was put down, after these bytes; `None`: not everything could be.
    pub(super) fn finish(self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let length = u32::try_from(self.texts.len()).ok()?;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.numbers);
        bytes.extend_from_slice(self.texts.as_bytes());
        (!self.is_astray).then_some(bytes)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.numbers.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.texts.push_str(text);
    }

    /// Eight bytes.
    pub(super) fn word(&mut self, word: u64) {
        self.numbers.extend_from_slice(&word.to_le_bytes());
    }

    /// Several after their number.
    pub(super) fn all<T: Flat>(&mut self, values: &[T]) {
        self.number(values.len() as u64);
        values.iter().for_each(|value| value.put(self));
    }

    fn place(&mut self, place: &Place) {
        self.is_astray |= *place.file != *self.file;
        self.number(place.line.into());
        self.number(place.column.into());
    }
}

/// Bytes that are taken apart.
pub(super) struct Reader<'a> {
    numbers: &'a [u8],
    texts: &'a str,
    file: &'a Arc<Path>,
}

impl<'a> Reader<'a> {
    /// Begins with what has places in one file.
    pub(super) fn new(bytes: &'a [u8], file: &'a Arc<Path>) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (numbers, texts) = rest.split_at_checked(rest.len().checked_sub(length)?)?;
        Some(Self { numbers, texts: str::from_utf8(texts).ok()?, file })
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.numbers.is_empty() && self.texts.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.numbers.split_first()?;
        self.numbers = rest;
        Some(first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
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

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let count = usize::try_from(self.number()?).ok()?;
        let (taken, rest) = self.texts.split_at_checked(count)?;
        self.texts = rest;
        Some(taken)
    }

    /// Eight bytes.
    pub(super) fn word(&mut self) -> Option<u64> {
        let (taken, rest) = self.numbers.split_first_chunk()?;
        self.numbers = rest;
        Some(u64::from_le_bytes(*taken))
    }
}

impl Flat for Place {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.place(self);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let (line, column) = (Flat::take(reader)?, Flat::take(reader)?);
        Some(Self { file: reader.file.clone(), line, column })
    }
}

impl Flat for bool {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.byte(u8::from(*self));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Some(reader.byte()? != 0)
    }
}

impl Flat for u32 {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.number((*self).into());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.number()?.try_into().ok()
    }
}

impl Flat for i32 {
    fn put(&self, writer: &mut Writer<'_>) {
        self.cast_unsigned().put(writer);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        u32::take(reader).map(u32::cast_signed)
    }
}

impl Flat for u64 {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.word(*self);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.word()
    }
}

impl Flat for Duration {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.number(self.as_secs());
        self.subsec_nanos().put(writer);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let (seconds, nanoseconds) = (reader.number()?, u32::take(reader)?);
        Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanoseconds.into()))
    }
}

impl Flat for String {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().map(str::to_owned)
    }
}

impl Flat for PathBuf {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.is_astray |= self.to_str().is_none();
        writer.text(self.to_str().unwrap_or_default());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().map(PathBuf::from)
    }
}

impl Flat for UnitName {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_str());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().and_then(|name| UnitName::new(name).ok())
    }
}

impl Flat for Signal {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(&self.to_string());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().and_then(Signal::new)
    }
}

impl Flat for SocketAddr {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(&self.to_string());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().and_then(|address| address.parse().ok())
    }
}

impl<T: Flat> Flat for Option<T> {
    fn put(&self, writer: &mut Writer<'_>) {
        self.is_some().put(writer);
        self.iter().for_each(|value| value.put(writer));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::take(reader)? { Some(T::take(reader)?) } else { None })
    }
}

impl<T: Flat> Flat for Vec<T> {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.all(self);
    }

    /// Memory is taken for as many as a few lines have; for more, as they come.
    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let count = usize::try_from(reader.number()?).ok()?;
        let mut found = Vec::with_capacity(count.min(MANY));
        for _ in 0..count {
            found.push(T::take(reader)?);
        }
        Some(found)
    }
}

impl<A: Flat, B: Flat> Flat for (A, B) {
    fn put(&self, writer: &mut Writer<'_>) {
        self.0.put(writer);
        self.1.put(writer);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Some((A::take(reader)?, B::take(reader)?))
    }
}
