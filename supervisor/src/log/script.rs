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
    /// Bytes of all finished files.
    pub total: u64,
    /// Seconds after which a file is finished; 0: never.
    pub age: u64,
    /// What finished files go through.
    pub processor: Option<&'static CStr>,
}

impl Limits {
    /// multilog's.
    pub const DEFAULT: Self = Self { size: 99_999, files: 10, total: u64::MAX, age: 0, processor: None };
}

/// Where selected lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard error.
    Alert,
    /// A file that holds the latest line.
    Status(&'static CStr),
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

/// Whose scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: what cannot be meant is refused.
    Svlog,
    /// multilog's: what it does not know is passed over, as it always was.
    Multilog,
}

/// A checked script.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    actions: [&'static CStr; MOST_ACTIONS],
    count: usize,
    labels: bool,
    dialect: Dialect,
}

impl Script {
    /// Checks a script.
    pub fn new(arguments: impl Iterator<Item = &'static CStr>, dialect: Dialect) -> Result<Self, Refusal> {
        let mut script = Self { actions: [c""; MOST_ACTIONS], count: 0, labels: false, dialect };
        for argument in arguments {
            let slot = script.actions.get_mut(script.count).ok_or(Refusal::TooManyActions)?;
            *slot = argument;
            script.count += 1;
        }
        script.check()?;
        Ok(script)
    }

    fn check(&mut self) -> Result<(), Refusal> {
        let first = self.action(0);
        let is_ours = self.dialect == Dialect::Svlog;
        self.labels = if is_ours { first == b"t" } else { first.first() == Some(&b't') };
        for at in (0..self.count).filter(|_| is_ours) {
            check_action(at, self.action(at))?;
        }
        match self.targets().count() {
            0 if is_ours => Err(Refusal::NothingToDo),
            0..=MOST_SINKS => Ok(()),
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
                [b's', number @ ..] => limits.size = self.number(number).clamp(SMALLEST_FILE, LARGEST_FILE),
                [b'n', number @ ..] => limits.files = self.number(number).max(2),
                [b'S', number @ ..] if self.dialect == Dialect::Svlog => limits.total = self.number(number),
                [b'R', number @ ..] if self.dialect == Dialect::Svlog => limits.age = self.number(number),
                [b'!', ..] => limits.processor = tail(action).filter(|command| !command.is_empty()),
                [b'=', ..] => return tail(action).map(|file| (at, Target::Status(file))),
                [b'e', ..] => return Some((at, Target::Alert)),
                [b'.' | b'/', ..] => return Some((at, Target::Directory(action, limits))),
                _ => {}
            }
            None
        })
    }

    /// A number; of multilog's, the digits that it begins with.
    fn number(&self, text: &[u8]) -> u64 {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = if self.dialect == Dialect::Multilog { text.get(..digits).unwrap_or_default() } else { text };
        parse_number(text).unwrap_or(if digits == 0 { 0 } else { u64::MAX })
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

/// What follows the letter of an action.
fn tail(action: &'static CStr) -> Option<&'static CStr> {
    CStr::from_bytes_with_nul(action.to_bytes_with_nul().get(1..)?).ok()
}

/// Refuses what cannot be meant.
fn check_action(at: usize, text: &'static [u8]) -> Result<(), Refusal> {
    let least = match text {
        b"t" if at == 0 => return Ok(()),
        b"t" => return Err(Refusal::LateLabel),
        [b'+' | b'-' | b'.' | b'/' | b'!', ..] | b"e" | [b'=', _, ..] => return Ok(()),
        [b'n', ..] => 2,
        [b's' | b'S' | b'R', ..] => 0,
        _ => return Err(Refusal::Unknown(text)),
    };
    let number = text.get(1..).and_then(parse_number).filter(|number| *number >= least);
    number.map(drop).ok_or(Refusal::BadNumber(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(actions: &[&'static CStr]) -> Result<Script, Refusal> {
        Script::new(actions.iter().copied(), Dialect::Svlog)
    }

    /// Limits hold for the directories after them, clamped as multilog's.
    #[test]
    fn targets() {
        let script = script(&[c"t", c"./a", c"s1", c"n3", c"/b", c"e", c"s99999999999", c"./c"]).unwrap();
        assert!(script.labels());
        let expected = [
            (1, Target::Directory(c"./a", Limits::DEFAULT)),
            (4, Target::Directory(c"/b", Limits { size: 4096, files: 3, ..Limits::DEFAULT })),
            (5, Target::Alert),
            (7, Target::Directory(c"./c", Limits { size: 16_777_215, files: 3, ..Limits::DEFAULT })),
        ];
        assert!(script.targets().eq(expected));
    }

    /// Our own limits, a processor and status files; multilog passes over what it does not know.
    #[test]
    fn dialects() {
        let actions = [c"t1", c"S5x", c"S9", c"R7", c"n1", c"s5000x", c"!tr a b", c"x", c"=st", c"./a", c"!", c"./b"];
        let multilog = Script::new(actions.into_iter(), Dialect::Multilog).unwrap();
        assert!(multilog.labels());
        let limits = Limits { size: 5000, files: 2, processor: Some(c"tr a b"), ..Limits::DEFAULT };
        let last = Limits { processor: None, ..limits };
        let expected =
            [(8, Target::Status(c"st")), (9, Target::Directory(c"./a", limits)), (11, Target::Directory(c"./b", last))];
        assert!(multilog.targets().eq(expected));
        assert!(Script::new([c"-*"].into_iter(), Dialect::Multilog).is_ok());
        let ours = script(&[c"S9", c"R7", c"./a"]).unwrap();
        assert!(ours.targets().eq([(2, Target::Directory(c"./a", Limits { total: 9, age: 7, ..Limits::DEFAULT }))]));
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
            (&[c"R1h", c"e"], Refusal::BadNumber(b"R1h")),
            (&[c"=", c"e"], Refusal::Unknown(b"=")),
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
