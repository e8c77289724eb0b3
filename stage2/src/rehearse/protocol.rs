//! What the front and the inside of a rehearsal say to each other, one line each:
//!
//! ```text
//! front  → inside   a Layout as one JSON object
//! inside → front    unshared            I am in a user namespace without ids
//! front  → inside   mapped              you have ids now
//! inside → front    booted PID          process 1 of the sandbox runs, PID as the front sees it
//! inside → front    ended signal N      process 1 ended by a signal: 2 after power-off, 1 after a restart
//! inside → front    ended exit N
//! inside → front    error TEXT          it did not come to that
//! ```
//!
//! The end of the front's pipe tells the inside to kill the sandbox: a rehearsal never outlives its front.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything that the inside has to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Layout {
    /// The root that is rehearsed; usually `/`.
    pub root: PathBuf,
    /// The work directory: `layer` holds files laid over the root, `root` and `upper` are mounted on.
    pub work: PathBuf,
    /// The terminal that becomes /dev/console.
    pub console: PathBuf,
    /// Words and settings for process 1, as a kernel command line would give them.
    pub arguments: Vec<String>,
    /// A control group that the sandbox may have for itself, if there is one.
    pub cgroup: Option<PathBuf>,
}

/// A line of the inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// `unshared`
    Unshared,
    /// `booted PID`
    Booted(u32),
    /// `ended signal N`
    EndedBySignal(i32),
    /// `ended exit N`
    Exited(i32),
    /// `error TEXT`
    Error(String),
}

impl Said {
    /// Reads a line; what is no line of the protocol is an error text.
    pub fn parse(line: &str) -> Self {
        let number = |text: &str| text.trim().parse::<i32>().ok();
        let parsed = match line.trim_end() {
            "unshared" => Some(Self::Unshared),
            line => (line.strip_prefix("booted ").and_then(|pid| pid.parse().ok()).map(Self::Booted))
                .or_else(|| line.strip_prefix("ended signal ").and_then(number).map(Self::EndedBySignal))
                .or_else(|| line.strip_prefix("ended exit ").and_then(number).map(Self::Exited)),
        };
        parsed.unwrap_or_else(|| Self::Error(line.trim_end().trim_start_matches("error ").to_owned()))
    }

    /// What it means, for an error message.
    pub fn explain(&self) -> String {
        match self {
            Self::Unshared | Self::Booted(_) => "the inside spoke out of turn".to_owned(),
            Self::EndedBySignal(number) => format!("process 1 ended by signal {number}"),
            Self::Exited(code) => format!("process 1 exited with {code}"),
            Self::Error(text) if text.is_empty() => "the inside ended without a word".to_owned(),
            Self::Error(text) => text.clone(),
        }
    }

    /// Writes the line at once.
    pub fn say(&self, to: &mut impl Write) -> io::Result<()> {
        let line = match self {
            Self::Unshared => "unshared".to_owned(),
            Self::Booted(pid) => format!("booted {pid}"),
            Self::EndedBySignal(number) => format!("ended signal {number}"),
            Self::Exited(code) => format!("ended exit {code}"),
            Self::Error(text) => format!("error {}", text.replace('\n', " ")),
        };
        to.write_all(format!("{line}\n").as_bytes())?;
        to.flush()
    }
}

/// The front's second line.
pub const MAPPED: &str = "mapped";

/// The next line, `None` at the end of the pipe.
pub fn next_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    Ok((from.read_line(&mut line)? > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saying and parsing a line gives what was said.
    #[test]
    fn round_trip() {
        let all = [
            Said::Unshared,
            Said::Booted(17),
            Said::EndedBySignal(2),
            Said::Exited(3),
            Said::Error("unable to mount".into()),
        ];
        for said in all {
            let mut line = Vec::new();
            said.say(&mut line).unwrap();
            assert_eq!(Said::parse(std::str::from_utf8(&line).unwrap()), said);
        }
    }
}
