//! Words of a line: blanks separate, quotes group, backslashes escape.

/// Splits off at most `count` words; the rest of the line stays one, as the last.
pub(super) fn split(line: &str, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if words.len() == count {
            words.push(rest.to_owned());
            break;
        }
        let (word, after) = one(rest);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// The first word without its quotes, and what follows it.
fn one(text: &str) -> (String, &str) {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_ascii_whitespace() => return (word, text.get(at..).unwrap_or_default()),
            (_, '\\') => word.extend(characters.next().map(|(_, c)| unescape(c))),
            (_, c) => word.push(c),
        }
    }
    (word, "")
}

/// The argument's escapes, for `f` and `w`: `\n`, `\t`, `\x41` …
pub(super) fn unescape_all(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let c = match (c, c == '\\') {
            (_, false) => c,
            (_, true) => match characters.next() {
                Some('x') => {
                    let digits: String = characters.by_ref().take(2).collect();
                    out.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
                    continue;
                }
                Some(c) => unescape(c),
                None => '\\',
            },
        };
        out.extend(c.encode_utf8(&mut [0; 4]).bytes());
    }
    out
}

/// What base64 stands for; `None`: it is none. Blanks in it mean nothing.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = digits.collect();
    let padding = digits.iter().rev().take_while(|&&byte| byte == b'=').count();
    let (digits, _) = digits.split_at(digits.len() - padding);
    if padding > 2 || !(digits.len() + padding).is_multiple_of(4) {
        return None;
    }
    let values = digits.iter().map(|digit| DIGITS.iter().position(|known| known == digit));
    let values: Vec<usize> = values.collect::<Option<_>>()?;
    let bytes = values.chunks(4).flat_map(|four| {
        let bits = four.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - four.len()));
        let bytes = [bits >> 16, bits >> 8, bits].map(|byte| (byte & 0xff) as u8);
        bytes.into_iter().take(four.len() - 1)
    });
    Some(bytes.collect())
}

fn unescape(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        's' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quotes and escapes group; the rest of the line is kept as it is.
    #[test]
    fn splitting() {
        assert_eq!(split("d  /a\t0755 ", 6), ["d", "/a", "0755"]);
        assert_eq!(split(r#"f "/a b" 'c "d' e\ f - - x  "y""#, 6), ["f", "/a b", "c \"d", "e f", "-", "-", "x  \"y\""]);
        assert_eq!(unescape_all(r"a\n\x41\\é"), "a\nA\\é".as_bytes());
    }

    /// Whole and broken groups of four.
    #[test]
    fn base64() {
        for (text, bytes) in [("aGVsbG8=", "hello"), ("aGVs bG8h", "hello!"), ("aA==", "h"), ("", "")] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["aGVsbG8", "aG.s", "a===", "=aGV"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
