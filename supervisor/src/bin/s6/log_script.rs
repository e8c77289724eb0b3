//! The script of s6-log: directives that select lines, set limits, and act.
//!
//! Pure. What the limits are at an action is settled when the script is read.

use crate::log::directory::Limits;
use crate::log::expression::Expression;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

/// s6-log's limits, unless told otherwise.
const DEFAULT: Limits = Limits {
    size: 99_999,
    tolerance: 2_000,
    files: 10,
    least: None,
    total: 0,
    age: None,
    processor: None,
    pause: Duration::from_millis(2_000),
};

/// What is done with a selected line.
#[derive(Debug)]
pub enum Action {
    /// So many of its first bytes on standard error; 0: all.
    Alert(usize),
    /// The line on standard output.
    Forward,
    /// A file that holds so many bytes of the latest line, padded; 0: all, unpadded.
    Status(PathBuf, usize),
    /// A directory of rotated files.
    Directory(PathBuf, Limits),
}

/// What stands before a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// A TAI64N label.
    pub label: bool,
    /// The local time.
    pub local: bool,
    /// Text, a space after it; unlike the labels it is for all actions that follow.
    pub prefix: Vec<u8>,
}

/// A step of the script.
#[derive(Debug)]
pub enum Directive {
    /// Select lines that are not and match.
    Select(Expression),
    /// Deselect lines that are and match.
    Deselect(Expression),
    /// Select exactly the lines that nothing was done with.
    Rest,
    /// Do something.
    Act(Action, Marks),
}

/// Why a script is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no action.
    NoAction,
    /// A word that is no directive.
    Unknown(OsString),
    /// A directive without what it is about.
    Syntax(OsString),
    /// A tolerance that is more than half the size.
    Conflict(OsString),
}

/// A script, and whether selections after the last action are without effect.
#[derive(Debug)]
pub struct Script {
    pub directives: Vec<Directive>,
    pub has_extra: bool,
}

/// What holds for the next action.
struct State {
    limits: Limits,
    alert: usize,
    status: usize,
    marks: Marks,
}

impl Script {
    /// Reads a script.
    pub fn read(words: &[OsString]) -> Result<Self, Refusal> {
        let mut state = State { limits: DEFAULT, alert: 200, status: 1001, marks: Marks::default() };
        let mut script = Self { directives: Vec::new(), has_extra: false };
        for word in words {
            let directive = state.take(word.as_bytes()).ok_or_else(|| refusal(word))?;
            if word.as_bytes().starts_with(b"l") && state.limits.tolerance > state.limits.size / 2 {
                return Err(Refusal::Conflict(word.clone()));
            }
            if let Some(directive) = directive {
                script.has_extra = !matches!(directive, Directive::Act(..));
                script.directives.push(directive);
            }
        }
        let acts = script.directives.iter().any(|directive| matches!(directive, Directive::Act(..)));
        if acts { Ok(script) } else { Err(Refusal::NoAction) }
    }
}

/// Why a word is refused.
fn refusal(word: &OsString) -> Refusal {
    if word == "=" { Refusal::Syntax(word.clone()) } else { Refusal::Unknown(word.clone()) }
}

impl State {
    /// Takes a word; `None` when it is no directive.
    fn take(&mut self, word: &[u8]) -> Option<Option<Directive>> {
        let (first, rest) = word.split_first()?;
        let action = match first {
            b'+' => return Some(Some(Directive::Select(Expression::new(rest)?))),
            b'-' => return Some(Some(Directive::Deselect(Expression::new(rest)?))),
            b'f' if rest.is_empty() => return Some(Some(Directive::Rest)),
            b'2' if rest.is_empty() => Action::Alert(self.alert),
            b'1' if rest.is_empty() => Action::Forward,
            b'=' if !rest.is_empty() => Action::Status(path(rest), self.status),
            b'.' | b'/' => Action::Directory(path(word), self.limits.clone()),
            _ => return self.set(*first, rest).map(|()| None),
        };
        let prefix = self.marks.prefix.clone();
        Some(Some(Directive::Act(action, std::mem::replace(&mut self.marks, Marks { prefix, ..Marks::default() }))))
    }

    /// Takes a word that is about the next actions.
    fn set(&mut self, letter: u8, rest: &[u8]) -> Option<()> {
        let number = || std::str::from_utf8(rest).ok()?.parse::<u32>().ok().map(u64::from);
        let limits = &mut self.limits;
        match letter {
            b'n' => limits.files = usize::try_from(number()?).ok()?,
            b's' => limits.size = number()?.clamp(4_096, 268_435_455),
            b'S' => limits.total = number()?,
            b'l' => limits.tolerance = number()?,
            b'r' => limits.pause = Duration::from_millis(number()?),
            b'R' => limits.age = Some(number()?).filter(|age| *age > 0).map(Duration::from_secs),
            b'E' => self.alert = usize::try_from(number()?).ok()?,
            b'^' => self.status = usize::try_from(number()?).ok()?,
            b'!' | b'?' => limits.processor = processor(letter, rest)?,
            b't' if rest.is_empty() => self.marks.label = true,
            b'T' if rest.is_empty() => self.marks.local = true,
            b'p' => self.marks.prefix = rest.to_vec(),
            _ => return None,
        }
        Some(())
    }
}

/// `!` is for execline, `?` for the shell; nothing after either is none.
fn processor(letter: u8, command: &[u8]) -> Option<Option<Vec<String>>> {
    let command = std::str::from_utf8(command).ok()?.to_string();
    let words = match letter {
        _ if command.is_empty() => return Some(None),
        b'!' => ["execlineb", "-Pc"].map(String::from),
        _ => ["/bin/sh", "-c"].map(String::from),
    };
    Some(Some(words.into_iter().chain([command]).collect()))
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Script, Refusal> {
        Script::read(&words.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    /// Labels are for the next action only, a prefix and limits for all that follow.
    #[test]
    fn actions() {
        let script = read("t 1 s1 n3 ./a T t !gzip /b r5 E7 2 =st").unwrap();
        let seen: Vec<String> = script.directives.iter().map(|directive| format!("{directive:?}")).collect();
        assert!(seen[0].starts_with("Act(Forward, Marks { label: true, local: false"), "{}", seen[0]);
        assert!(
            seen[1].contains("size: 4096, tolerance: 2000, files: 3") && seen[1].contains("label: false"),
            "{}",
            seen[1]
        );
        assert!(seen[2].contains("execlineb") && seen[2].contains("label: true, local: true"), "{}", seen[2]);
        assert!(seen[3].starts_with("Act(Alert(7)"), "{}", seen[3]);
        assert!(seen[4].starts_with("Act(Status(\"st\", 1001)"), "{}", seen[4]);
        assert!(!script.has_extra && read("1 f").unwrap().has_extra);
    }

    /// Each wrong script has its reason.
    #[test]
    fn refusals() {
        let unknown = |word: &str| Err(Refusal::Unknown(word.into()));
        for (words, refusal) in [
            ("", Err(Refusal::NoAction)),
            ("t n4", Err(Refusal::NoAction)),
            ("x 1", unknown("x")),
            ("n 1", unknown("n")),
            ("+( 1", unknown("+(")),
            ("= 1", Err(Refusal::Syntax("=".into()))),
            ("e", unknown("e")),
            ("s4294967296 1", unknown("s4294967296")),
            ("l99999 1", Err(Refusal::Conflict("l99999".into()))),
            ("l2501 s5000 1", Ok(())),
        ] {
            assert_eq!(read(words).map(drop), refusal, "{words}");
        }
    }
}
