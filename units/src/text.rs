//! Texts from a file inside messages: quoted, cut, and with the nearest word that would have been right.

/// The longest text that a message shows, in characters.
const LONGEST_QUOTED: usize = 60;

/// A text longer than this, in bytes, is no misspelt word.
const LONGEST_WORD: usize = 64;

/// A shorter word is the beginning of nothing.
const LEAST_BEGINNING: usize = 3;

/// More slips than this, and it is another word.
const FURTHEST: usize = 3;

/// The text in double quotes, control characters escaped, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTED) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None => format!("{text:?}"),
    }
}

/// The text as it is, but for what a terminal would obey or hide: that is escaped.
pub(crate) fn visible(text: &str) -> String {
    let escaped = |c: char| if "\"'\\".contains(c) { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(escaped).collect()
}

/// ` (did you mean "needs"?)`, or nothing where no candidate is near.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    suggestion(nearest(word, candidates))
}

/// ` (did you mean "needs"?)`, or nothing.
pub(crate) fn suggestion(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(" (did you mean {}?)", quoted(meant)))
}

/// ` (WORDS)`, or nothing.
pub(crate) fn in_brackets(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(" ({words})"))
}

/// The candidate that a word is a slip of, or else the only one that begins with it, if there is one. Case, and `_` for `-`, are no slips.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word of one letter is near to nothing, else it would be near to every other one.
    let near = ((word.chars().count() + 1) / 3).min(FURTHEST);
    if word.len() > LONGEST_WORD {
        return None;
    }
    let fold = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let word = fold(word);
    let (mut nearest, mut begun) = (None, Vec::new());
    for candidate in candidates {
        let folded = fold(candidate);
        if word.len() >= LEAST_BEGINNING && folded.starts_with(&word) {
            begun.push(candidate);
        }
        nearest = nearest.into_iter().chain([(distance(&word, &folded), candidate)]).min();
    }
    let only = if let [only] = begun[..] { Some(only) } else { None };
    nearest.filter(|(far, _)| *far <= near).map(|(_, candidate)| candidate).or(only)
}

/// How many characters must be put in, left out, replaced or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, c) in from.chars().enumerate() {
        let mut now = vec![row + 1];
        for (column, &d) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(c != d);
            let mut best = replaced.min(last[column + 1] + 1).min(now[column] + 1);
            if column > 0 && previous == Some(d) && to[column - 1] == c {
                best = best.min(before_last[column - 1] + 1);
            }
            now.push(best);
        }
        before_last = std::mem::replace(&mut last, now);
        previous = Some(c);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word that is one slip away is suggested; another word is not.
    #[test]
    fn suggests_what_is_near() {
        let keys = ["needs", "wants", "after", "start-timeout"];
        for (word, expected) in [
            ("need", " (did you mean \"needs\"?)"),
            ("nedes", " (did you mean \"needs\"?)"),
            ("start_timeout", " (did you mean \"start-timeout\"?)"),
            ("Needs", " (did you mean \"needs\"?)"),
            ("colour", ""),
            ("sta", " (did you mean \"start-timeout\"?)"),
            ("st", ""),
            ("x", ""),
            ("", ""),
        ] {
            assert_eq!(did_you_mean(word, keys), expected, "{word}");
        }
    }

    /// Whatever is in a file cannot write control characters to the terminal or flood it.
    #[test]
    fn quotes_and_cuts() {
        assert_eq!(visible("a\u{1b}\u{9b}\u{202e}\n [ä, \"'\\\"]"), "a\\u{1b}\\u{9b}\\u{202e}\\n [ä, \"'\\\"]");
        assert_eq!(quoted("a\u{1b}[2J\"b"), "\"a\\u{1b}[2J\\\"b\"");
        assert_eq!(quoted(&"ä".repeat(61)).chars().count(), 63);
    }
}
