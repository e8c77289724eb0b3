//! Whether the log of a service is whole: for each start, the lines from 1 to the last one, each once, in order.
//!
//! Where loggers are killed there may be gaps, but none larger than a logger's buffer, none that the log does not tell
//! of, and no line twice.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::ledger::Start;

/// What a logger that was killed may take with it, in bytes: what it had read.
const IN_HAND: usize = supervisor::log::input::SIZE;
/// How the line begins that tells of a logger's death.
const NOTE: &str = "svlog: warning: ";

/// What is in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// The start's number, and the line's.
    Numbered(usize, u64),
    /// Lines may be missing from here on.
    Note,
    /// The beginning of a line whose rest was lost with its logger.
    Torn,
    /// Anything else.
    Alien,
}

/// The log of a service as far as it was read.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    starts: &'a [Start],
    /// Loggers were killed.
    may_lose: bool,
    /// The last line: its start and number.
    last: Option<(usize, u64)>,
    /// A logger's death has been told since.
    noted: bool,
    /// What is missing between the last line and the next, in bytes.
    missing: usize,
    lost: usize,
}

/// Checks the log in a directory; gives how many lines were lost with loggers. An error is what is wrong.
pub fn check(directory: &Path, starts: &[Start], may_lose: bool) -> Outcome<usize> {
    let mut reader = Reader { starts, may_lose, last: None, noted: false, missing: 0, lost: 0 };
    for file in files(directory)? {
        let text = String::from_utf8(fs::read(&file)?)?;
        for line in text.split_inclusive('\n') {
            reader.take(parse(line)).map_err(|problem| format!("{}: {line:?}: {problem}", file.display()))?;
        }
    }
    reader.end()?;
    Ok(reader.lost)
}

/// Finished files in order, then `current`.
fn files(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"@")) {
            files.push(path);
        }
    }
    files.sort();
    files.push(directory.join("current"));
    Ok(files)
}

fn parse(line: &str) -> Line {
    let Some(line) = line.strip_suffix('\n') else { return Line::Torn };
    if line.starts_with(NOTE) {
        return Line::Note;
    }
    let numbers = line.split_once(' ').and_then(|(start, number)| Some((start.parse().ok()?, number.parse().ok()?)));
    numbers.map_or(Line::Alien, |(start, number)| Line::Numbered(start, number))
}

impl Reader<'_> {
    fn take(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Numbered(start, number) => self.follow(start, number),
            Line::Note if self.may_lose => {
                self.noted = true;
                Ok(())
            }
            Line::Torn if self.may_lose => Ok(()),
            Line::Note | Line::Torn | Line::Alien => Err("no line of the service".into()),
        }
    }

    fn follow(&mut self, start: usize, number: u64) -> Result<(), String> {
        let due = match self.last {
            Some((last, lines)) if last == start => lines + 1,
            _ => {
                self.end_start(start)?;
                1
            }
        };
        if number < due {
            return Err(format!("line {due} of start {start} is due: twice, or out of order"));
        }
        self.miss(start, due..number)?;
        self.noted &= self.missing == 0;
        self.missing = 0;
        self.last = Some((start, number));
        Ok(())
    }

    /// These lines are missing: a note must tell of them, and of no more than a logger has in hand.
    fn miss(&mut self, start: usize, lines: Range<u64>) -> Result<(), String> {
        for line in lines {
            self.missing += format!("{start} {line}\n").len();
            self.lost += 1;
            if !self.noted || self.missing > IN_HAND {
                return Err(format!("line {line} of start {start} is missing, noted: {}", self.noted));
            }
        }
        Ok(())
    }

    /// Another start's lines begin: those before it must be complete.
    fn end_start(&mut self, next: usize) -> Result<(), String> {
        let (first, lines) = self.last.map_or((0, 0), |(start, lines)| (start, lines));
        if self.last.is_some_and(|(start, _)| next < start) {
            return Err(format!("start {next} was over"));
        }
        let starts = self.starts;
        for (number, start) in starts.iter().enumerate().take(next).skip(first) {
            let seen = if number == first { lines } else { 0 };
            if seen > start.lines + 1 {
                return Err(format!("start {number} wrote {} lines, and {seen} are here", start.lines));
            }
            self.miss(number, seen + 1..start.lines + 1)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        self.end_start(self.starts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(lines: &str, counts: &[u64], may_lose: bool) -> Result<usize, String> {
        let starts: Vec<Start> = counts.iter().map(|&lines| Start { pid: 1, lines }).collect();
        let mut reader = Reader { starts: &starts, may_lose, last: None, noted: false, missing: 0, lost: 0 };
        lines.split_inclusive('\n').try_for_each(|line| reader.take(parse(line)))?;
        reader.end().map(|()| reader.lost)
    }

    /// Whole logs: the last line of a start may not have been noted, and a start may have none.
    #[test]
    fn whole() {
        assert_eq!(judge("0 1\n0 2\n1 1\n", &[2, 1], false), Ok(0));
        assert_eq!(judge("0 1\n0 2\n1 1\n", &[1, 0, 0], false), Ok(0));
        assert_eq!(judge("1 1\n", &[0, 1], false), Ok(0));
        assert_eq!(judge("", &[0], false), Ok(0));
    }

    /// Every fault is one: missing at the end, in between, at the beginning; twice; out of order; of nobody; half.
    #[test]
    fn faults() {
        for lines in [
            "0 1\n0 2\n",
            "0 1\n0 3\n1 1\n",
            "0 2\n0 3\n1 1\n",
            "0 1\n0 1\n0 2\n0 3\n1 1\n",
            "0 1\n0 2\n0 3\n1 1\n0 4\n",
            "0 1\n1 1\n0 2\n0 3\n",
            "x\n0 1\n0 2\n0 3\n1 1\n",
            "0 1\n0 2\n0 3\n1 1",
            "0 1\n0 2\n0 3\n1 1\n1 2\n1 3\n",
            "0 1\n0 2\nsvlog: warning: interrupted\n0 3\n1 1\n",
        ] {
            assert!(judge(lines, &[3, 1], false).is_err(), "{lines}");
        }
    }

    /// What a killed logger had in hand may be lost where the log tells so: once for each note, and never a line twice.
    #[test]
    fn losses() {
        let note = "svlog: warning: the logger before was interrupted\n";
        assert_eq!(judge(&format!("0 1\n0 2\n0{note}\n0 5\n"), &[5], true), Err("no line of the service".into()));
        assert_eq!(judge(&format!("0 1\n0 2\n{note}0 5\n"), &[5], true), Ok(2));
        assert_eq!(judge(&format!("0 1\n0 2\n{note}0 3\n"), &[3], true), Ok(0));
        assert_eq!(judge(&format!("0 1\n0 2\n{note}"), &[5], true), Ok(3));
        assert_eq!(judge(&format!("0 1\n{note}1 2\n"), &[2, 2], true), Ok(2));
        assert!(judge(&format!("0 1\n{note}1 1\n1 3\n"), &[2, 3], true).is_err());
        assert!(judge(&format!("0 1\n{note}"), &[5000], true).is_err());
        assert!(judge("0 1\n0 2\n", &[5], true).is_err());
        assert!(judge("0 1\n0 2\n0 5\n", &[5], true).is_err());
        assert!(judge(&format!("0 1\n{note}0 3\n0 5\n"), &[5], true).is_err());
        assert!(judge(&format!("0 1\n0 2\n{note}0 2\n"), &[2], true).is_err());
        assert!(judge(&format!("0 1\n{note}0 5000\n"), &[5000], true).is_err());
    }
}
