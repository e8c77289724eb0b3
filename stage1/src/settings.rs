//! What /etc/sunup/sunup.yaml says that counts before there is an engine: the scanner, the layout of control groups, and
//! whose meanings signals have.
//!
//! Stage 1 has no YAML parser, and needs none: it takes the lines that begin with one of the three keys. So a file that is
//! damaged elsewhere costs it nothing; telling what is wrong with the rest is the engine's.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use supervisor::settings::{CgroupLayout, Scanner, SignalPreset};

use crate::failure::{Failure, Trying};

/// A choice of something.
pub trait Choice: Copy + 'static {
    /// What can be chosen, with its words.
    const WORDS: &'static [(Self, &'static str)];

    /// What the word means; `None`: nothing.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(choice, _)| *choice)
    }

    /// Why a word is not understood.
    fn unknown(word: &str) -> String {
        let words: Vec<_> = Self::WORDS.iter().map(|(_, word)| *word).collect();
        format!("\"{word}\" is none of {}", words.join(", "))
    }
}

impl Choice for Scanner {
    const WORDS: &'static [(Self, &'static str)] = &Self::ALL;
}

impl Choice for CgroupLayout {
    const WORDS: &'static [(Self, &'static str)] = &Self::ALL;
}

impl Choice for SignalPreset {
    const WORDS: &'static [(Self, &'static str)] = &Self::ALL;
}

/// The three settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `scanner`
    pub scanner: Scanner,
    /// `cgroup`
    pub cgroup: CgroupLayout,
    /// `signals`
    pub signals: SignalPreset,
}

impl Settings {
    /// Reads the file, with what is wrong with it. One that is not there says nothing.
    pub fn load(file: &Path) -> (Self, Vec<Failure>) {
        let reading = || format!("read {}", file.display());
        let text = match fs::read(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return (Self::default(), Vec::new()),
            text => text.trying(reading()),
        };
        match text {
            Ok(text) => Self::from_text(&String::from_utf8_lossy(&text), &reading()),
            Err(failure) => (Self::default(), vec![failure]),
        }
    }

    /// `reading`: what is being tried, for messages.
    fn from_text(text: &str, reading: &str) -> (Self, Vec<Failure>) {
        let mut settings = Self::default();
        let mut failures = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let Some((key, value)) = line.split_once(':') else { continue };
            let taken = match key.trim_end() {
                "scanner" => take(&mut settings.scanner, word(value)),
                "cgroup" => take(&mut settings.cgroup, word(value)),
                "signals" => take(&mut settings.signals, word(value)),
                _ => Ok(()),
            };
            failures.extend(taken.err().map(|reason| Failure::because(format_args!("{reading}:{number}"), reason)));
        }
        (settings, failures)
    }
}

fn take<T: Choice>(setting: &mut T, word: &str) -> Result<(), String> {
    *setting = T::from_word(word).ok_or_else(|| T::unknown(word))?;
    Ok(())
}

/// The value without a comment behind it, and without quotes around it.
fn word(value: &str) -> &str {
    let value = value.split(" #").next().unwrap_or(value).trim();
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Settings, wrong: &[&str]) {
        let (settings, failures) = Settings::from_text(text, "read it");
        assert_eq!(settings, expected, "{text}");
        assert_eq!(failures.iter().map(ToString::to_string).collect::<Vec<_>>(), wrong, "{text}");
    }

    /// Words are taken as YAML would take them, from their own lines alone.
    #[test]
    fn lines() {
        let all = Settings { scanner: Scanner::Runit, cgroup: CgroupLayout::Hybrid, signals: SignalPreset::Systemd };
        check("scanner: runit\ncgroup: 'hybrid' # both\nsignals : \"systemd\"\r\n", all, &[]);
        check("", Settings::default(), &[]);
        check("# scanner: s6\nvars:\n  scanner: s6\n", Settings::default(), &[]);
    }

    /// A file that is no YAML at all costs nothing but itself; a wrong word is told, and the default counts.
    #[test]
    fn damaged() {
        let busybox = Settings { signals: SignalPreset::Busybox, ..Settings::default() };
        let wrong = "unable to read it:2: \"monkeys\" is none of sunup, s6, runit, daemontools";
        check("\u{fffd}}{ [\nscanner: monkeys\nsignals: busybox\n\t- :\n", busybox, &[wrong]);
    }
}
