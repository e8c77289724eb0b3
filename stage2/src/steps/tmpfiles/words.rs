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
}
