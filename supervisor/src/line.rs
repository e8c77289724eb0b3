//! The rc-style line that stages 1, 2 and 3 write, one a unit:
//!
//! ```text
//! [ ok ] sshd: OpenSSH server (213 ms)
//! [fail] broken: unable to run /no/such: No such file or directory (4 ms)
//!        | at most five last lines of its output
//! [skip] kvm: /dev/kvm is absent
//! [wait] slow: not ready after 10 s
//! ```
//!
//! The console shows it with a coloured mark on terminals; boot.log has it without colour, each line after
//! [`Stamp`]: seconds of CLOCK_MONOTONIC as `%11.6f `.

use core::fmt::{self, Display, Formatter, Write};

/// What stands in the brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It worked.
    Ok,
    /// It did not.
    Fail,
    /// Its condition said no.
    Skip,
    /// It takes long.
    Wait,
}

impl Mark {
    /// The four characters between the brackets.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => " ok ",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Wait => "wait",
        }
    }

    /// The terminal's colour number (ECMA-48 SGR).
    const fn colour(self) -> u8 {
        match self {
            Self::Ok => 32,
            Self::Fail => 31,
            Self::Skip => 36,
            Self::Wait => 33,
        }
    }
}

/// One line without its newline. `{}` is plain, `{:#}` has a coloured mark.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The mark.
    pub mark: Mark,
    /// The unit's name.
    pub unit: &'a str,
    /// What is said of it; control characters are shown as `?`.
    pub text: &'a str,
    /// How long it took, in ms, if that is to be shown.
    pub milliseconds: Option<u64>,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write!(f, "[\x1b[{}m{}\x1b[0m] ", self.mark.colour(), self.mark.word())?;
        } else {
            write!(f, "[{}] ", self.mark.word())?;
        }
        write!(f, "{}: {}", Clean(self.unit), Clean(self.text))?;
        match self.milliseconds {
            Some(ms) => write!(f, " ({ms} ms)"),
            None => Ok(()),
        }
    }
}

/// A line of a unit's output, under the unit's line.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a>(pub &'a str);

impl Display for Output<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "       | {}", Clean(self.0))
    }
}

/// The time before a line of boot.log: `%11.6f ` of seconds, from nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug)]
pub struct Stamp(pub u64);

impl Display for Stamp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4}.{:06} ", self.0 / 1_000_000_000, self.0 / 1_000 % 1_000_000)
    }
}

/// Anybody's text on one line, in which no control character reaches a terminal: each is shown as `?`. A precision is how many
/// characters are shown at most.
#[derive(Clone, Copy, Debug)]
pub struct Clean<'a>(pub &'a str);

impl Display for Clean<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let most = f.precision().unwrap_or(usize::MAX);
        self.0.chars().take(most).try_for_each(|c| f.write_char(if c.is_control() { '?' } else { c }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines are DESIGN's to the byte.
    #[test]
    fn lines() {
        let line = Line { mark: Mark::Ok, unit: "sshd", text: "OpenSSH server", milliseconds: Some(213) };
        assert_eq!(line.to_string(), "[ ok ] sshd: OpenSSH server (213 ms)");
        assert_eq!(format!("{line:#}"), "[\x1b[32m ok \x1b[0m] sshd: OpenSSH server (213 ms)");
        let line = Line { mark: Mark::Skip, unit: "kvm", text: "a\x1b[2Jb", milliseconds: None };
        assert_eq!(line.to_string(), "[skip] kvm: a?[2Jb");
        assert_eq!(format!("{:.4}|{:.4}", Clean("a\nä\u{9b}b"), Clean("a")), "a?ä?|a");
        assert_eq!(Output("last words").to_string(), "       | last words");
        assert_eq!(Stamp(12_345_678_901).to_string(), "  12.345678 ");
    }
}
