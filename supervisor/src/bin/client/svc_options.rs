//! The command line of svc: daemontools' option parsing, with s6's letters, `-w`, `-T` and `-s` added.
//!
//! Pure. Letters may be repeated and combined; each is sent once, in the order of its first appearance.

use super::goal::Goal;
use super::signal_letter::signal_letter;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Letters that go to the supervise as they are: daemontools', then s6's.
const LETTERS: &[u8] = b"udopchaitkxqb12yrlPCKODUQ";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The letters to send.
    pub letters: Vec<u8>,
    /// What to wait for.
    pub goal: Option<Goal>,
    /// How long to wait at most.
    pub timeout: Option<Duration>,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// An unknown option letter.
    Option(char),
    /// An option without its argument.
    Missing(char),
    /// An argument that is none of the option's.
    Argument(char, String),
}

impl Options {
    /// Splits a command line into options and directories.
    pub fn parse(arguments: &[OsString]) -> Result<(Self, &[OsString]), Wrong> {
        let mut options = Self::default();
        let mut rest = arguments;
        while let [first, after @ ..] = rest {
            let Some(letters) = first.as_bytes().strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
                break;
            };
            rest = after;
            if letters == b"-" {
                break;
            }
            rest = options.parse_word(letters, rest)?;
        }
        Ok((options, rest))
    }

    /// Takes one word of letters; an option that wants an argument takes the rest of the word, or the next one.
    fn parse_word<'a>(&mut self, word: &[u8], rest: &'a [OsString]) -> Result<&'a [OsString], Wrong> {
        for (at, &letter) in word.iter().enumerate() {
            if LETTERS.contains(&letter) {
                self.send(letter);
                continue;
            }
            if !b"wTs".contains(&letter) {
                return Err(Wrong::Option(letter.into()));
            }
            let attached = OsStr::from_bytes(&word[at + 1..]);
            if !attached.is_empty() {
                self.take(letter, attached)?;
                return Ok(rest);
            }
            let Some((argument, rest)) = rest.split_first() else {
                return Err(Wrong::Missing(letter.into()));
            };
            self.take(letter, argument)?;
            return Ok(rest);
        }
        Ok(rest)
    }

    fn send(&mut self, letter: u8) {
        if !self.letters.contains(&letter) {
            self.letters.push(letter);
        }
    }

    /// Takes the argument of `-w`, `-T` or `-s`.
    fn take(&mut self, option: u8, argument: &OsStr) -> Result<(), Wrong> {
        let wrong = || Wrong::Argument(option.into(), argument.to_string_lossy().into_owned());
        let text = argument.to_str().ok_or_else(wrong)?;
        match option {
            b'w' => match text.as_bytes() {
                [letter] => self.goal = Some(Goal::from_letter(*letter).ok_or_else(wrong)?),
                _ => return Err(wrong()),
            },
            b'T' => {
                let milliseconds: u64 = text.parse().map_err(|_| wrong())?;
                self.timeout = (milliseconds != 0).then(|| Duration::from_millis(milliseconds));
            }
            _ => self.send(signal_letter(text).ok_or_else(wrong)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, Option<Goal>, Option<u64>, usize), Wrong> {
        let words: Vec<OsString> = text.split_whitespace().map(Into::into).collect();
        let (options, directories) = Options::parse(&words)?;
        let letters = String::from_utf8(options.letters).unwrap();
        let timeout = options.timeout.and_then(|timeout| timeout.as_millis().try_into().ok());
        Ok((letters, options.goal, timeout, directories.len()))
    }

    /// Letters combine and repeat; each is sent once, in order; a lone or double dash ends the options.
    #[test]
    fn letters() {
        assert_eq!(parse("-dx a b"), Ok(("dx".into(), None, None, 2)));
        assert_eq!(parse("-t -dd -td a"), Ok(("td".into(), None, None, 1)));
        assert_eq!(parse("-u -- -d"), Ok(("u".into(), None, None, 1)));
        assert_eq!(parse("-u - -d"), Ok(("u".into(), None, None, 2)));
        assert_eq!(parse("-Z a"), Err(Wrong::Option('Z')));
    }

    /// Arguments may be attached or follow.
    #[test]
    fn arguments() {
        assert_eq!(parse("-wD -T500 a"), Ok((String::new(), Some(Goal::Finished), Some(500), 1)));
        assert_eq!(parse("-uw U -T 0 a"), Ok(("u".into(), Some(Goal::Ready), None, 1)));
        assert_eq!(parse("-s SIGUSR1 -sTERM -s 9 a"), Ok(("1tk".into(), None, None, 1)));
        assert_eq!(parse("-w"), Err(Wrong::Missing('w')));
        assert_eq!(parse("-wx a"), Err(Wrong::Argument('w', "x".into())));
        assert_eq!(parse("-s NONE a"), Err(Wrong::Argument('s', "NONE".into())));
    }
}
