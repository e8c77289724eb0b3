//! multilog's patterns: strings of stars and other bytes, matched against a whole line.
//!
//! A star at the end matches anything; any other star matches up to the first occurrence of the byte that follows it.
//! There is no backtracking, so a match costs one pass over the line.

/// Bytes of a line, its label included, that patterns see.
pub const WINDOW: usize = 1000;

/// True when the pattern matches the line's window. `label` stands before `line`.
pub fn matches(pattern: &[u8], label: &[u8], line: &[u8]) -> bool {
    let mut rest = label.iter().chain(line).take(WINDOW).copied().peekable();
    let mut pattern = pattern.iter().copied().peekable();
    while let Some(wanted) = pattern.next() {
        if wanted != b'*' {
            if rest.next() != Some(wanted) {
                return false;
            }
            continue;
        }
        let Some(&stop) = pattern.peek() else { return true };
        while rest.peek() != Some(&stop) {
            if rest.next().is_none() {
                return false;
            }
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::matches;

    /// The manual's examples, and the corners of the rule.
    #[test]
    fn patterns() {
        for (pattern, line, expected) in [
            ("hello", "hello", true),
            ("hello", "hello world", false),
            ("named[*]: Cleaned cache *", "named[135]: Cleaned cache of 3121 RRs", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*b", "aab", true),
            ("*b", "abab", false),
            ("*bb", "abb", true),
            ("**a", "a", false),
            ("**a", "*a", true),
            ("* fatal: *", "@400 fatal: out", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), b"", line.as_bytes()), expected, "{pattern} {line}");
        }
        assert!(matches(b"@* x", b"@40 ", b"x"));
    }

    /// Only the first 1000 bytes count, the label's among them.
    #[test]
    fn window() {
        let long = [b'a'; 1500];
        assert!(matches(&long[..1000], b"", &long));
        assert!(!matches(&long[..1001], b"", &long));
        assert!(matches(&long[..1000], b"aaaa", &long[..996]));
    }
}
