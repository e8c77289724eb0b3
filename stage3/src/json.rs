//! What stage 3 reads of the JSON that our own programs write: flat objects. Pure.

/// The number of a key. A quote inside a string is escaped, so `"key":` is a key.
pub fn number(json: &str, key: &str) -> Option<u64> {
    let after = value(json, key)?;
    let digits = after.find(|c: char| !c.is_ascii_digit()).map_or(after, |end| after.split_at(end).0);
    digits.parse().ok()
}

/// The string of a key, as [`Quoted`](supervisor::json::Quoted) wrote it.
pub fn text(json: &str, key: &str) -> Option<String> {
    let mut rest = value(json, key)?.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
}

fn value<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    Some(json.split_once(&format!("\"{key}\":"))?.1.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use supervisor::json::Quoted;

    /// A string is read as it was written.
    #[test]
    fn quotes() {
        let hostile = "a\"b\\c\nd\u{e9}";
        assert_eq!(text(&format!("{{\"x\": {}}}", Quoted(hostile)), "x").as_deref(), Some(hostile));
        assert_eq!(text("{\"x\":7}", "x"), None);
        assert_eq!(text("{\"x\":\"cut", "x"), None);
    }

    /// Numbers are found, `null` and absent keys are not, text in strings is not taken for a key.
    #[test]
    fn numbers() {
        let json = r#"{"v":1,"reason":"\"pid\":7","pid":431,"exit":null}"#;
        assert_eq!(number(json, "pid"), Some(431));
        assert_eq!(number(json, "exit"), None);
        assert_eq!(number(json, "deaths"), None);
    }
}
