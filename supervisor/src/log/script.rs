//! The script: svlog's arguments, each one action, carried out in order for each line.
//!
//! Pure. A script is checked once, then read again for each line, so that nothing of it is stored but the arguments.

use core::ffi::CStr;

use super::pattern::matches;
use crate::sys::text::parse_number;

/// Most actions of a script.
pub const MOST_ACTIONS: usize = 64;
/// Most places that a script may write to.
pub const MOST_SINKS: usize = 8;

/// Sizes below this one are taken for it, in bytes.
const SMALLEST_FILE: u64 = 4096;
/// Sizes above this one are taken for it, in bytes.
const LARGEST_FILE: u64 = 16_777_215;

/// How large a log may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub size: u64,
    /// Number of files, `current` included.
    pub files: u64,
}

impl Limits {
    /// multilog's.
    pub const DEFAULT: Self = Self { size: 99_999, files: 10 };
}

/// Where selected lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard error.
    Alert,
    /// A directory of rotated files.
    Directory(&'static CStr, Limits),
}

/// Why a script is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No action, or none that writes.
    NothingToDo,
    /// More than [`MOST_ACTIONS`].
    TooManyActions,
    /// More than [`MOST_SINKS`].
    TooManySinks,
    /// `t` is not first.
    LateLabel,
    /// An action that svlog does not know.
    Unknown(&'static [u8]),
    /// A number that is none, or too small.
    BadNumber(&'static [u8]),
}

/// A checked script.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    actions: [&'static CStr; MOST_ACTIONS],
    count: usize,
    labels: bool,
}

impl Script {
    /// Checks a script.
    pub fn new(arguments: impl Iterator<Item = &'static CStr>) -> Result<Self, Refusal> {
        let mut script = Self { actions: [c""; MOST_ACTIONS], count: 0, labels: false };
        for argument in arguments {
            let slot = script.actions.get_mut(script.count).ok_or(Refusal::TooManyActions)?;
            *slot = argument;
            script.count += 1;
        }
        script.check()?;
        Ok(script)
    }

    fn check(&mut self) -> Result<(), Refusal> {
        for at in 0..self.count {
            let text = self.action(at);
            match text {
                b"t" if at == 0 => self.labels = true,
                b"t" => return Err(Refusal::LateLabel),
                [b'+' | b'-', ..] | b"e" | [b'.' | b'/', ..] => {}
                [b's', number @ ..] => drop(parse_number(number).ok_or(Refusal::BadNumber(text))?),
                [b'n', number @ ..] => {
                    parse_number(number).filter(|files| *files >= 2).ok_or(Refusal::BadNumber(text))?;
                }
                _ => return Err(Refusal::Unknown(text)),
            }
        }
        match self.targets().count() {
            0 => Err(Refusal::NothingToDo),
            1..=MOST_SINKS => Ok(()),
            _ => Err(Refusal::TooManySinks),
        }
    }

    fn action(&self, at: usize) -> &'static [u8] {
        self.actions.get(at).map(|action| action.to_bytes()).unwrap_or_default()
    }

    /// True when every line gets a label.
    pub const fn labels(&self) -> bool {
        self.labels
    }

    /// The places that are written to, each with its number among the actions.
    pub fn targets(&self) -> impl Iterator<Item = (usize, Target)> + '_ {
        let mut limits = Limits::DEFAULT;
        self.actions.iter().take(self.count).enumerate().filter_map(move |(at, action)| {
            match action.to_bytes() {
                [b's', number @ ..] => {
                    limits.size = parse_number(number).unwrap_or(0).clamp(SMALLEST_FILE, LARGEST_FILE);
                }
                [b'n', number @ ..] => limits.files = parse_number(number).unwrap_or(2).max(2),
                b"e" => return Some((at, Target::Alert)),
                [b'.' | b'/', ..] => return Some((at, Target::Directory(action, limits))),
                _ => {}
            }
            None
        })
    }

    /// Says whether a line is selected when action number `until` is reached.
    pub fn selects(&self, until: usize, label: &[u8], line: &[u8]) -> bool {
        let mut selected = true;
        for at in 0..until {
            match self.action(at) {
                [b'+', pattern @ ..] if !selected => selected = matches(pattern, label, line),
                [b'-', pattern @ ..] if selected => selected = !matches(pattern, label, line),
                _ => {}
            }
        }
        selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(actions: &[&'static CStr]) -> Result<Script, Refusal> {
        Script::new(actions.iter().copied())
    }

    /// Limits hold for the directories after them, clamped as multilog's.
    #[test]
    fn targets() {
        let script = script(&[c"t", c"./a", c"s1", c"n3", c"/b", c"e", c"s99999999999", c"./c"]).unwrap();
        assert!(script.labels());
        let expected = [
            (1, Target::Directory(c"./a", Limits::DEFAULT)),
            (4, Target::Directory(c"/b", Limits { size: 4096, files: 3 })),
            (5, Target::Alert),
            (7, Target::Directory(c"./c", Limits { size: 16_777_215, files: 3 })),
        ];
        assert!(script.targets().eq(expected));
    }

    /// Each wrong script has its reason.
    #[test]
    fn refusals() {
        for (actions, refusal) in [
            (&[][..], Refusal::NothingToDo),
            (&[c"t", c"-x"], Refusal::NothingToDo),
            (&[c"e", c"t"], Refusal::LateLabel),
            (&[c"x", c"e"], Refusal::Unknown(b"x")),
            (&[c"n1", c"e"], Refusal::BadNumber(b"n1")),
            (&[c"s", c"e"], Refusal::BadNumber(b"s")),
            (&[c"e"; 9], Refusal::TooManySinks),
            (&[c"+x"; 65], Refusal::TooManyActions),
        ] {
            assert_eq!(script(actions).err(), Some(refusal));
        }
    }

    /// Patterns select and deselect in order, and only those before the target count.
    #[test]
    fn selection() {
        let script = script(&[c"-*", c"+*err*", c"./a", c"-*", c"e"]).unwrap();
        for (until, line, expected) in [(2, "an err", true), (2, "fine", false), (4, "an err", false), (0, "x", true)] {
            assert_eq!(script.selects(until, b"", line.as_bytes()), expected, "{until} {line}");
        }
    }
}
