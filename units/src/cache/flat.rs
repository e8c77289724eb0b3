//! Values as bytes, one after the other: numbers seven bits at a time, texts after their length, no names of anything.
//!
//! Reading never panics and never takes more than the bytes hold, whatever they are.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
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
    bytes: Vec<u8>,
    /// The file in which all places are.
    file: &'a Path,
    /// A place was in another file, so that the bytes are of no use.
    is_astray: bool,
}

impl<'a> Writer<'a> {
    /// Goes on after these bytes, with what has places in one file.
    pub(super) fn new(bytes: Vec<u8>, file: &'a Path) -> Self {
        Self { bytes, file, is_astray: false }
    }

    /// All bytes, if they hold everything that was put down.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (!self.is_astray).then_some(self.bytes)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// Bytes after their length.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }

    /// Eight bytes.
    pub(super) fn word(&mut self, word: u64) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
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
    rest: &'a [u8],
    file: &'a Arc<Path>,
}

impl<'a> Reader<'a> {
    /// Begins with what has places in one file.
    pub(super) fn new(rest: &'a [u8], file: &'a Arc<Path>) -> Self {
        Self { rest, file }
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
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

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// Bytes after their length.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.bytes(count)
    }

    /// Eight bytes.
    pub(super) fn word(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    fn str(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text()?).ok()
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
        writer.text(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.str().map(str::to_owned)
    }
}

impl Flat for PathBuf {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_os_str().as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text().map(|path| OsString::from_vec(path.to_vec()).into())
    }
}

impl Flat for UnitName {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_str().as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.str().and_then(|name| UnitName::new(name).ok())
    }
}

impl Flat for Signal {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self.to_string().as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.str().and_then(Signal::new)
    }
}

impl Flat for SocketAddr {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.text(self.to_string().as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        reader.str().and_then(|address| address.parse().ok())
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
