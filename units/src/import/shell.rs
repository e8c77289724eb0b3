//! Words for `/bin/sh`, and what can be read of a script without running it.

/// A word in single quotes, unless it is plainly a word.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_.:@+-=%,".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A command line in which nothing is left for a shell to do, as words; `None`: a shell is needed.
pub(super) fn plain_words(line: &str) -> Option<Vec<String>> {
    let needs_shell = |c: char| "~`#$&*()\\|[]{};'\"<>?!\n".contains(c);
    let words: Vec<String> = line.split_whitespace().map(Into::into).collect();
    let is_assignment = words.first().is_some_and(|word| word.contains('='));
    (!words.is_empty() && !is_assignment && !line.contains(needs_shell)).then_some(words)
}

/// A value as it stands in an assignment, without its quotes; `None`: it depends on something.
pub(super) fn literal(value: &str) -> Option<String> {
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let text = inner.unwrap_or(value);
    let is_open = |c: char| "$`\\\"'".contains(c) || (inner.is_none() && (c.is_whitespace() || "();&|<>#".contains(c)));
    (!text.contains(is_open)).then(|| text.into())
}

/// A name of a variable at the beginning of a line and what is assigned to it.
pub(super) fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, value))
}
