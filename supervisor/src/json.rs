//! The little JSON that stages 1 and 3 write.

use core::fmt::{self, Display, Formatter, Write};

/// A string with its quotes; control characters are escaped, so that it stands in one line.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    /// Quotes, backslashes and control characters are escaped, the rest stays.
    #[test]
    fn escapes() {
        assert_eq!(Quoted("a\"b\\c\nd\u{7f} é").to_string(), r#""a\"b\\c\u000ad\u007f é""#);
    }
}
