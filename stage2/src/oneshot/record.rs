//! What is on disk about one-shots that run: `RUN/engine/`, for the engine's successor alone.
//!
//! `began/NAME` is made before a command runs, `ended/NAME` after it, with its [`Outcome`]; `keeper` names the process that
//! makes them, as long as it may. Notes are the targets of symbolic links: one system call makes such a note whole, and a
//! tmpfs that is full still takes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use supervisor::sys::proc::start_ticks;

use crate::system::replace::{remove, replace, replace_link};

/// Commands that have begun, or were about to.
const BEGAN: &str = "began";
/// Commands that have ended.
const ENDED: &str = "ended";
/// Texts of commands that are scripts.
const SCRIPTS: &str = "scripts";
/// The keeper's process.
const KEEPER: &str = "keeper";
/// The longest text that a tmpfs keeps in a link without a page of its own.
const LONGEST_NOTE: usize = 120;

/// How a one-shot ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it failed; `None`: it did not.
    pub reason: Option<String>,
    /// Exit code, or 128 + signal, of a command that ran.
    pub exit: Option<u32>,
    /// Its last lines.
    pub output: Vec<String>,
    /// It is the end of `stop`, not of `start`.
    pub is_stop: bool,
    /// Processor time that it used, with all that it has waited for, in ns.
    #[serde(default)]
    pub used_ns: u64,
}

impl Outcome {
    /// An end that is nothing but a reason to have failed.
    pub fn failed(reason: impl Into<String>, is_stop: bool) -> Self {
        Self { reason: Some(reason.into()), is_stop, ..Self::default() }
    }

    /// The command was cut off by the engine's death, or by its keeper's.
    pub fn interrupted(is_stop: bool) -> Self {
        Self::failed("interrupted", is_stop)
    }
}

/// The notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records(PathBuf);

impl Records {
    /// Notes in this directory, made if need be.
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        for below in [BEGAN, ENDED, SCRIPTS] {
            fs::create_dir_all(directory.join(below))?;
        }
        Ok(Self(directory))
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// How every one-shot ended that has begun; without a note of that it was interrupted.
    pub fn outcomes(&self) -> BTreeMap<String, Outcome> {
        let began = self.names(BEGAN).into_iter().map(|unit| {
            let is_stop = fs::read_link(self.0.join(BEGAN).join(&unit)).is_ok_and(|what| what.as_os_str() == "stop");
            (unit, Outcome::interrupted(is_stop))
        });
        let mut all: BTreeMap<String, Outcome> = began.collect();
        for unit in self.names(ENDED) {
            all.extend(self.outcome(&unit).map(|outcome| (unit, outcome)));
        }
        all
    }

    /// Notes that the command begins: from now on it must not be run again unasked.
    pub fn note_began(&self, unit: &str, is_stop: bool) -> io::Result<()> {
        symlink(if is_stop { "stop" } else { "start" }, self.0.join(BEGAN).join(unit))
    }

    /// The command has begun.
    pub fn has_begun(&self, unit: &str) -> bool {
        fs::symlink_metadata(self.0.join(BEGAN).join(unit)).is_ok()
    }

    /// Notes how the command ended.
    pub fn note_outcome(&self, unit: &str, outcome: &Outcome) -> io::Result<()> {
        let (path, text) = (self.0.join(ENDED).join(unit), serde_json::to_string(outcome)?);
        if text.len() <= LONGEST_NOTE {
            return symlink(text, path);
        }
        replace(&path, text.as_bytes(), 0o600).or_else(|_| {
            // A full disk costs the output, and at worst the end of the reason.
            let reason = outcome.reason.as_ref().map(|text| text.chars().filter(char::is_ascii).take(40).collect());
            let short = Outcome { reason, output: Vec::new(), ..outcome.clone() };
            symlink(serde_json::to_string(&short)?, path)
        })
    }

    /// How the command ended, if that was noted.
    pub fn outcome(&self, unit: &str) -> Option<Outcome> {
        let path = self.0.join(ENDED).join(unit);
        let note = fs::read_link(&path).map(|target| target.into_os_string().into_encoded_bytes());
        serde_json::from_slice(&note.or_else(|_| fs::read(path)).ok()?).ok()
    }

    /// Removes a unit's notes, the outcome last, so that half a removal still tells everything.
    pub fn forget(&self, unit: &str) -> io::Result<()> {
        remove(&self.0.join(BEGAN).join(unit))?;
        remove(&self.0.join(ENDED).join(unit))
    }

    /// Puts a script where it can be executed.
    pub fn write_script(&self, unit: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.0.join(SCRIPTS).join(unit);
        replace(&path, text.as_bytes(), 0o755).map(|()| path)
    }

    /// Names the keeper, a running process: while it is named, it may still note something.
    pub fn name_keeper(&self, pid: u32) -> io::Result<()> {
        let name = format!("{pid} {}", start_ticks(pid).unwrap_or(0));
        replace_link(&self.0.join(KEEPER), Path::new(&name))
    }

    /// The keeper's pid, if one is named that is alive.
    pub fn keeper(&self) -> Option<u32> {
        let name = fs::read_link(self.0.join(KEEPER)).ok()?;
        let (pid, ticks) = name.to_str()?.split_once(' ')?;
        let pid = pid.parse().ok()?;
        (start_ticks(pid) == ticks.parse().ok()).then_some(pid)
    }

    /// The keeper of this pid notes nothing any more.
    pub fn release_keeper(&self, pid: u32) {
        if self.keeper() == Some(pid) {
            let _ = remove(&self.0.join(KEEPER));
        }
    }

    fn names(&self, below: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(below)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| !name.starts_with('.')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(directory: &tempfile::TempDir) -> Records {
        Records::open(directory.path().join("engine")).unwrap()
    }

    /// What was noted is read; a beginning without an end is an interruption; nothing is left of what was forgotten.
    #[test]
    fn notes() {
        let directory = tempfile::tempdir().unwrap();
        let records = records(&directory);
        assert!(records.outcomes().is_empty() && !records.has_begun("a"));
        records.note_began("a", false).unwrap();
        records.note_began("b", true).unwrap();
        let short = Outcome { exit: Some(0), ..Outcome::default() };
        records.note_outcome("a", &short).unwrap();
        let long = Outcome { output: vec!["x".repeat(1000); 5], ..Outcome::failed("exit 1", true) };
        records.note_outcome("c", &long).unwrap();
        let expected = [("a", short), ("b", Outcome::interrupted(true)), ("c", long)];
        assert_eq!(records.outcomes(), expected.map(|(unit, outcome)| (unit.to_owned(), outcome)).into());
        ["a", "b", "c"].iter().for_each(|unit| records.forget(unit).unwrap());
        assert!(records.outcomes().is_empty());
    }

    /// A full disk is where a file cannot be written; a link still can, and says how it ended.
    #[test]
    fn a_full_disk_costs_only_the_output() {
        let directory = tempfile::tempdir().unwrap();
        let records = records(&directory);
        // Nothing can be written under the draft's name.
        fs::create_dir(records.0.join("ended/.unit.new")).unwrap();
        let long = Outcome { output: vec!["x".repeat(1000); 5], ..Outcome::failed("exit 1", true) };
        records.note_outcome("unit", &long).unwrap();
        assert_eq!(records.outcome("unit"), Some(Outcome::failed("exit 1", true)));
    }

    /// Half a removal still tells that it was `stop` that ended: taken for `start`, the unit would be up.
    #[test]
    fn half_a_removal() {
        let directory = tempfile::tempdir().unwrap();
        let records = records(&directory);
        records.note_began("unit", true).unwrap();
        records.note_outcome("unit", &Outcome { is_stop: true, ..Outcome::default() }).unwrap();
        fs::remove_file(records.0.join("began/unit")).unwrap();
        assert!(records.outcomes()["unit"].is_stop);
    }

    /// Only the keeper that is named is released; one that is dead is none.
    #[test]
    fn keepers() {
        let directory = tempfile::tempdir().unwrap();
        let records = records(&directory);
        assert_eq!(records.keeper(), None);
        let own = std::process::id();
        records.name_keeper(own).unwrap();
        records.release_keeper(1);
        assert_eq!(records.keeper(), Some(own));
        records.release_keeper(own);
        assert_eq!(records.keeper(), None);
        replace_link(&records.0.join(KEEPER), Path::new(&format!("{own} 1"))).unwrap();
        assert_eq!(records.keeper(), None);
    }
}
