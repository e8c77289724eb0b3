//! The input buffer: bytes in, whole lines out.
//!
//! Pure. A line that is not whole yet stays in the buffer; one that does not fit is handed out in pieces as it comes,
//! so that memory is bounded and no byte is lost. Every line keeps the label of the moment at which its first byte
//! was read.

use crate::tai::Tai64n;

/// Bytes that are read at once.
pub const SIZE: usize = 7 * 1024;

/// A line, or a part of one that is too long for the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its bytes without the newline.
    pub bytes: &'a [u8],
    /// The line begins here.
    pub starts: bool,
    /// The line ends here.
    pub ends: bool,
    /// The line's time.
    pub label: Tai64n,
}

/// The buffer.
#[derive(Debug)]
pub struct Input {
    bytes: [u8; SIZE],
    /// Bytes in the buffer.
    filled: usize,
    /// A long line's beginning has been handed out already.
    inside: bool,
    /// Bytes of it that have been handed out.
    length: usize,
    /// Label of the line that the buffer begins with.
    first: Tai64n,
    /// The line that the buffer begins with began before the last read.
    held: bool,
    /// Label of the last read.
    latest: Tai64n,
    /// Lines longer than this are broken; 0: never.
    longest: usize,
}

impl Input {
    /// An empty buffer; lines of more than `longest` bytes are broken in two (0: never).
    pub const fn new(longest: usize) -> Self {
        let never = Tai64n::NEVER;
        Self {
            bytes: [0; SIZE],
            filled: 0,
            inside: false,
            length: 0,
            first: never,
            held: false,
            latest: never,
            longest,
        }
    }

    /// True when a line has begun and not ended.
    pub const fn has_partial_line(&self) -> bool {
        self.filled > 0 || self.inside
    }

    /// The free part of the buffer, never empty between calls of [`Input::consume`].
    pub fn space(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// Takes note of `count` bytes read into [`Input::space`] at a time.
    pub fn add(&mut self, count: usize, now: Tai64n) {
        self.held = self.has_partial_line();
        // `first` is the label after the last one given out, which may be some nanoseconds ahead of the clock.
        self.latest = if is_just_before(now, self.first) { self.first } else { now };
        if !self.held {
            self.first = self.latest;
        }
        self.filled = (self.filled + count).min(SIZE);
    }

    /// The pieces that can be written now. `ended`: nothing more will come, so the last line is whole.
    pub fn pieces(&self, ended: bool) -> Pieces<'_> {
        Pieces {
            input: self,
            at: 0,
            inside: self.inside,
            length: self.length,
            label: self.first,
            held: self.held,
            ended,
        }
    }

    /// Forgets the pieces that [`Input::pieces`] gave.
    pub fn consume(&mut self, ended: bool) {
        let mut pieces = self.pieces(ended);
        while pieces.next().is_some() {}
        let (at, inside, length, label, held) = (pieces.at, pieces.inside, pieces.length, pieces.label, pieces.held);
        self.bytes.copy_within(at..self.filled, 0);
        self.filled -= at;
        (self.inside, self.length) = (inside, length);
        (self.first, self.held) = (label, held);
    }
}

/// The pieces of the buffer in order.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    input: &'a Input,
    at: usize,
    inside: bool,
    length: usize,
    label: Tai64n,
    held: bool,
    ended: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.input.bytes.get(self.at..self.input.filled)?;
        let whole = rest.iter().position(|&byte| byte == b'\n');
        let left = match self.input.longest {
            0 => usize::MAX,
            longest => longest.saturating_sub(self.length),
        };
        let size = whole.unwrap_or(rest.len());
        let (size, ends, skip) = match whole {
            _ if size > left => (left, true, 0),
            Some(_) => (size, true, 1),
            None if self.ended && (size > 0 || self.inside) => (size, true, 0),
            None if rest.len() == SIZE || self.inside && size > 0 => (size, false, 0),
            None => return None,
        };
        let piece = Piece { bytes: rest.get(..size)?, starts: !self.inside, ends, label: self.label };
        self.at += size + skip;
        self.inside = !ends;
        self.length = if ends { 0 } else { self.length + size };
        if ends {
            self.label = if self.held { self.input.latest } else { later(self.label) };
            self.held = false;
        }
        Some(piece)
    }
}

/// One nanosecond later: labels of lines that were read together sort as the lines came.
fn later(label: Tai64n) -> Tai64n {
    match label.to_unix() {
        (seconds, 999_999_999) => Tai64n::from_unix(seconds.saturating_add(1), 0),
        (seconds, nanoseconds) => Tai64n::from_unix(seconds, nanoseconds + 1),
    }
}

/// True when `now` is less than a millisecond before `label`; more means that the clock was set back.
fn is_just_before(now: Tai64n, label: Tai64n) -> bool {
    let ((a, an), (b, bn)) = (now.to_unix(), label.to_unix());
    let behind = i128::from(b.saturating_sub(a)) * 1_000_000_000 + i128::from(bn) - i128::from(an);
    (0..1_000_000).contains(&behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds chunks, an end after the last, and gives the pieces as text: `^` where a line starts, `$` where it ends.
    fn pieces(longest: usize, chunks: &[&str]) -> String {
        let mut input = Input::new(longest);
        let mut out = String::new();
        for (number, chunk) in chunks.iter().enumerate() {
            input.space()[..chunk.len()].copy_from_slice(chunk.as_bytes());
            input.add(chunk.len(), Tai64n::from_unix(1, 0));
            let ended = number + 1 == chunks.len();
            for piece in input.pieces(ended) {
                out += if piece.starts { "^" } else { "" };
                out += std::str::from_utf8(piece.bytes).unwrap();
                out += if piece.ends { "$" } else { "" };
            }
            input.consume(ended);
        }
        assert!(!input.has_partial_line());
        out
    }

    /// Lines are handed out whole, however they come.
    #[test]
    fn whole_lines() {
        assert_eq!(pieces(0, &["a\n\nb", "c", "\nd", ""]), "^a$^$^bc$^d$");
        assert_eq!(pieces(0, &[""]), "");
        assert_eq!(pieces(0, &["a\n"]), "^a$");
    }

    /// A line that does not fit is handed out as it comes, with one start and one end.
    #[test]
    fn long_lines() {
        let full = "x".repeat(SIZE);
        assert_eq!(pieces(0, &[&full, "yy", "z\nb\n", ""]), format!("^{full}yyz$^b$"));
        assert_eq!(pieces(0, &[&full, ""]), format!("^{full}$"));
        assert_eq!(pieces(0, &[&full, "\n"]), format!("^{full}$"));
    }

    /// With a limit a long line is broken into lines.
    #[test]
    fn broken_lines() {
        assert_eq!(pieces(3, &["abcdefg\nabc\n"]), "^abc$^def$^g$^abc$");
        let full = "x".repeat(SIZE);
        assert_eq!(pieces(SIZE + 2, &[&full, "yyzz\n"]), format!("^{full}yy$^zz$"));
    }

    /// A held line keeps the label of its first byte; later lines of a read have later ones; a clock that was set back
    /// is believed.
    #[test]
    fn labels() {
        let mut input = Input::new(0);
        let mut seen = Vec::new();
        for (chunk, second) in [("a", 1), ("b\nc\n", 2), ("d\n", 2), ("e\n", 1)] {
            input.space()[..chunk.len()].copy_from_slice(chunk.as_bytes());
            input.add(chunk.len(), Tai64n::from_unix(second, 0));
            seen.extend(input.pieces(false).map(|piece| piece.label.to_unix()));
            input.consume(false);
        }
        assert_eq!(seen, [(1, 0), (2, 0), (2, 1), (1, 0)]);
    }
}
