//! daemontools' option parsing: single letters, some with an argument, up to the first word that is none.
//!
//! Unlike getopt, any word that begins with two hyphens ends the options and is skipped.

use super::chain::say;
use std::ffi::{CStr, CString};

/// Hands every option to `take`, in order; gives the rest of the command line. `None`: a wrong option was reported, or
/// `take` has refused one.
///
/// `letters` are the known options, each followed by a colon where it has an argument.
pub fn parse<'a>(
    program: &str,
    letters: &[u8],
    arguments: &'a [CString],
    mut take: impl FnMut(u8, &'a CStr) -> bool,
) -> Option<&'a [CString]> {
    let mut rest = arguments;
    while let [first, after @ ..] = rest {
        let Some(mut word) = first.to_bytes_with_nul().strip_prefix(b"-").filter(|word| *word != b"\0") else { break };
        rest = after;
        if word.first() == Some(&b'-') {
            break;
        }
        while let [letter, tail @ ..] = word
            && *letter != 0
        {
            word = tail;
            let Some(at) = letters.iter().position(|known| known == letter && *known != b':') else {
                say(100, &[program.as_bytes(), b": illegal option -- ", &[*letter]]);
                return None;
            };
            let mut argument = c"";
            if letters.get(at + 1) == Some(&b':') {
                argument = CStr::from_bytes_with_nul(tail).ok()?;
                word = b"";
                if argument.is_empty() {
                    let Some((next, after)) = rest.split_first() else {
                        say(100, &[program.as_bytes(), b": option requires an argument -- ", &[*letter]]);
                        return None;
                    };
                    (argument, rest) = (next, after);
                }
            }
            if !take(*letter, argument) {
                return None;
            }
        }
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(words: &[&str]) -> Option<(String, usize)> {
        let words: Vec<CString> = words.iter().map(|word| CString::new(*word).unwrap()).collect();
        let mut seen = String::new();
        let rest = parse("test", b"a:b", &words, |letter, argument| {
            seen += &format!("{}={} ", letter as char, argument.to_str().unwrap());
            letter != b'a' || argument != c"no"
        });
        rest.map(|rest| (seen.clone(), rest.len()))
    }

    /// Options may be joined, arguments may be apart, and a hyphen alone is a word.
    #[test]
    fn words() {
        let some = |seen: &str, rest| Some((seen.to_string(), rest));
        assert_eq!(split(&["-ba1", "-b", "-a", "", "x", "-b"]), some("b= a=1 b= a= ", 2));
        assert_eq!(split(&["-b", "--", "-b"]), some("b= ", 1));
        assert_eq!(split(&["-"]), some("", 1));
        assert_eq!(split(&["--help"]), some("", 0));
        for wrong in [&["-z"][..], &["-a"], &["-ano"], &["-b:"]] {
            assert_eq!(split(wrong), None, "{wrong:?}");
        }
    }
}
