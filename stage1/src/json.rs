//! The little JSON that stage 1 writes.

use std::fmt::{self, Display, Formatter, Write};

/// A string with its quotes.
pub struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    /// Quotes, backslashes and control characters are escaped, the rest stays.
    #[test]
    fn escapes() {
        assert_eq!(Text("a\"b\\c\nd é").to_string(), r#""a\"b\\c\u000ad é""#);
    }
}
