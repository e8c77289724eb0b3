//! Text in a buffer of fixed size, for paths, messages and numbers where nothing is allocated.

use core::ffi::CStr;
use core::fmt;

use super::error::Errno;

/// At most `SIZE - 1` bytes of text; what does not fit is cut and remembered as cut.
#[derive(Clone, Copy, Debug)]
pub struct Text<const SIZE: usize> {
    bytes: [u8; SIZE],
    length: usize,
    cut: bool,
}

impl<const SIZE: usize> Text<SIZE> {
    /// No text.
    pub const fn new() -> Self {
        Self { bytes: [0; SIZE], length: 0, cut: false }
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.cut |= !append(&mut self.bytes, &mut self.length, bytes);
    }

    /// Appends a number in decimal.
    pub fn push_number(&mut self, number: u64) {
        let mut buffer = [0; 20];
        self.push(digits(number, &mut buffer));
    }

    /// Appends somebody's bytes, whole characters only; control characters and bytes that are no UTF-8 become `?`.
    pub fn push_shown(&mut self, name: &[u8]) {
        self.cut |= !append_shown(&mut self.bytes, &mut self.length, name);
    }

    /// Appends the words of an error.
    pub fn push_errno(&mut self, errno: Errno) {
        match errno.words() {
            "" => {
                self.push(b"unknown error ");
                self.push_number(u64::from(errno.0));
            }
            words => self.push(words.as_bytes()),
        }
    }

    /// Appends a newline; where there is no room, it takes the last character's place.
    pub fn end_line(&mut self) {
        let is_full = self.length + 1 >= SIZE;
        while is_full && self.length > 0 {
            self.length -= 1;
            // All bytes of a character but the first begin with these two bits.
            if self.bytes.get(self.length).is_none_or(|byte| byte >> 6 != 0b10) {
                break;
            }
        }
        self.push(b"\n");
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The text as a C string; `None` when it was cut: a cut path is another path.
    pub fn c_str(&self) -> Option<&CStr> {
        if self.cut { None } else { as_c_str(&self.bytes, self.length) }
    }

    /// No text any more.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[inline(never)]
fn digits(number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = buffer.len();
    let mut rest = number;
    for slot in buffer.iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        at -= 1;
        if rest == 0 {
            break;
        }
    }
    buffer.get(at..).unwrap_or_default()
}

/// Appends to a text of `length` bytes; false: not everything had room before the last byte of the buffer. One function for
/// texts of every size.
#[inline(never)]
fn append(buffer: &mut [u8], length: &mut usize, bytes: &[u8]) -> bool {
    let room = buffer.len().saturating_sub(*length + 1);
    let slots = buffer.iter_mut().skip(*length).take(room);
    *length += slots.zip(bytes).map(|(slot, byte)| *slot = *byte).count();
    bytes.len() <= room
}

/// As [`append`], for [`Text::push_shown`].
#[cold]
#[inline(never)]
fn append_shown(buffer: &mut [u8], length: &mut usize, name: &[u8]) -> bool {
    let mut bytes = [0; 4];
    name.utf8_chunks().all(|chunk| {
        let valid = chunk.valid().chars().map(|one| if matches!(one, ..' ' | '\x7f'..='\u{9f}') { '?' } else { one });
        valid.chain(chunk.invalid().iter().map(|_| '?')).all(|one| {
            let before = *length;
            let is_whole = append(buffer, length, one.encode_utf8(&mut bytes).as_bytes());
            if !is_whole {
                *length = before;
            }
            is_whole
        })
    })
}

#[inline(never)]
fn as_c_str(buffer: &[u8], length: usize) -> Option<&CStr> {
    CStr::from_bytes_until_nul(buffer.get(..=length)?).ok()
}

impl<const SIZE: usize> Default for Text<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIZE: usize> fmt::Write for Text<SIZE> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// A constant `&str` as a constant `&CStr`, so that a path of the contract is spelled once.
#[macro_export]
macro_rules! c_path {
    ($path:expr) => {{
        const BYTES: [u8; $path.len() + 1] = $crate::sys::text::terminated($path);
        const PATH: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(&BYTES) {
            Ok(path) => path,
            Err(_) => panic!("a path with a zero byte"),
        };
        PATH
    }};
}

/// The text and a zero byte; for [`c_path`], which runs it when compiling.
pub const fn terminated<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let mut at = 0;
    while at < text.len() {
        bytes[at] = text.as_bytes()[at];
        at += 1;
    }
    bytes
}

/// A decimal number without sign; `None` for anything else.
#[inline(never)]
pub fn parse_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The number in the first line of a small file's text, blanks around it ignored.
pub fn parse_line(text: &[u8]) -> Option<u64> {
    parse_number(first_line(text))
}

/// The first line without blanks around it.
pub fn first_line(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text keeps what fits, and a cut text is no path.
    #[test]
    fn fixed_text() {
        let mut text = Text::<8>::new();
        text.push(b"/p/");
        text.push_number(120);
        assert_eq!(text.c_str(), Some(c"/p/120"));
        text.push(b"xyz");
        assert_eq!(text.bytes(), b"/p/120x");
        assert_eq!(text.c_str(), None);
    }

    /// What is UTF-8 is shown as it is, and what could break a line or drive a terminal is not.
    #[test]
    fn shown() {
        let mut text = Text::<32>::new();
        text.push_shown("aß\u{7f}☃\n\u{9b}\u{1f980}".as_bytes());
        text.push_shown(b"\xff\xc3(\xe2\x98");
        assert_eq!(str::from_utf8(text.bytes()), Ok("aß?☃??🦀??(??"));
    }

    /// No character is cut in two, neither at the end nor by a newline.
    #[test]
    fn cut_between_characters() {
        for (words, shown, line) in [
            ("1234567", "1234567", "123456\n"),
            ("123456ß", "123456", "123456\n"),
            ("12345ß", "12345ß", "12345\n"),
            ("123☃ß", "123☃", "123☃\n"),
            ("1234☃", "1234☃", "1234\n"),
        ] {
            let mut text = Text::<8>::new();
            text.push_shown(words.as_bytes());
            assert_eq!(str::from_utf8(text.bytes()), Ok(shown));
            text.end_line();
            assert_eq!(str::from_utf8(text.bytes()), Ok(line));
        }
    }

    /// Numbers are decimal and bounded.
    #[test]
    fn numbers() {
        for (text, number) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(parse_number(text.as_bytes()), number, "{text}");
        }
        assert_eq!(parse_line(b" 250 \nrest"), Some(250));
    }
}
