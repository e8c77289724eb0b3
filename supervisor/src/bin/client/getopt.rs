//! Option parsing as getopt has it, which s6 uses: joined letters, arguments attached or apart, up to the first word that is
//! no option; `--` ends them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// An option letter and its argument, empty where it has none.
pub type Given<'a> = (u8, &'a OsStr);

/// Splits a command line into options and the rest. `letters` are the known options, each followed by a colon where it has an
/// argument. `None`: one is unknown, or its argument is missing.
pub fn split<'a>(letters: &[u8], arguments: &'a [OsString]) -> Option<(Vec<Given<'a>>, &'a [OsString])> {
    let mut given = Vec::new();
    let mut rest = arguments;
    while let [word, after @ ..] = rest {
        let Some(mut word) = word.as_bytes().strip_prefix(b"-").filter(|word| !word.is_empty()) else { break };
        rest = after;
        if word == b"-" {
            break;
        }
        while let [letter, tail @ ..] = word {
            word = tail;
            let at = letters.iter().position(|known| known == letter && *known != b':')?;
            let mut argument = OsStr::new("");
            if letters.get(at + 1) == Some(&b':') {
                argument = OsStr::from_bytes(tail);
                word = b"";
                if argument.is_empty() {
                    let (next, after) = rest.split_first()?;
                    (argument, rest) = (next, after);
                }
            }
            given.push((*letter, argument));
        }
    }
    Some((given, rest))
}

/// A number that an argument is.
pub fn number<T: std::str::FromStr>(argument: &OsStr) -> Option<T> {
    argument.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> Option<(String, usize)> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let (given, rest) = split(b"a:b", &words)?;
        Some((
            given.iter().map(|(letter, text)| format!("{}={} ", *letter as char, text.display())).collect(),
            rest.len(),
        ))
    }

    /// Options may be joined, arguments apart; two hyphens end the options, one is a word.
    #[test]
    fn words() {
        let some = |seen: &str, rest| Some((seen.to_string(), rest));
        assert_eq!(shown(&["-ba1", "-b", "-a", "-b", "x", "-b"]), some("b= a=1 b= a=-b ", 2));
        assert_eq!(shown(&["-b", "--", "-b"]), some("b= ", 1));
        assert_eq!(shown(&["-", "-b"]), some("", 2));
        for wrong in [&["-z"][..], &["-a"], &["-b:"], &["--help"]] {
            assert_eq!(shown(wrong), None, "{wrong:?}");
        }
    }
}
