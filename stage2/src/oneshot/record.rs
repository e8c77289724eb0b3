//! What is on disk about a one-shot that runs: `RUN/engine/running/NAME/`, for the engine's successor alone.
//!
//! Short notes are the targets of symbolic links: one system call makes such a note whole, and a tmpfs that is full still
//! takes it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use supervisor::sys::process::start_ticks;

use crate::system::replace::{remove, replace};

/// The keeper's process.
const KEEPER: &str = "keeper";
/// The command has begun, or was about to.
const STARTED: &str = "started";
/// The command has ended.
const OUTCOME: &str = "outcome";
/// The longest text that a tmpfs keeps in a link without a page of its own.
const LONGEST_NOTE: usize = 120;
/// The text of a command that is a script.
const SCRIPT: &str = "script";

/// The directory of one running one-shot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(PathBuf);

/// The keeper of a one-shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeeperRecord {
    /// Its process, which is also its session and process group.
    pub pid: u32,
    /// Its start time in clock ticks since boot.
    pub start_ticks: u64,
    /// It runs `stop`, not `start`.
    pub is_stop: bool,
}

impl KeeperRecord {
    /// The same process still runs.
    pub fn is_alive(&self) -> bool {
        start_ticks(self.pid) == Some(self.start_ticks)
    }
}

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
}

impl Outcome {
    /// An end that is nothing but a reason to have failed.
    pub fn failed(reason: impl Into<String>, is_stop: bool) -> Self {
        Self { reason: Some(reason.into()), is_stop, ..Self::default() }
    }
}

impl Record {
    /// The record in this directory.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// An empty record, whatever was there before.
    pub fn prepare(&self) -> io::Result<()> {
        match fs::create_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.forget()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
        fs::create_dir_all(&self.0)
    }

    /// Nothing is noted.
    pub fn is_empty(&self) -> bool {
        let is_there = |name: &str| fs::symlink_metadata(self.0.join(name)).is_ok();
        ![KEEPER, STARTED, OUTCOME].into_iter().any(is_there)
    }

    /// Notes the keeper: before this, the command has not begun.
    pub fn write_keeper(&self, keeper: &KeeperRecord) -> io::Result<()> {
        symlink(serde_json::to_string(keeper)?, self.0.join(KEEPER))
    }

    /// The keeper, if one was noted.
    pub fn keeper(&self) -> Option<KeeperRecord> {
        self.read(KEEPER)
    }

    /// Notes that the command begins: from now on it must not be run again unasked.
    pub fn mark_started(&self) -> io::Result<()> {
        symlink(STARTED, self.0.join(STARTED))
    }

    /// The command has begun.
    pub fn was_started(&self) -> bool {
        fs::symlink_metadata(self.0.join(STARTED)).is_ok()
    }

    /// Notes how the command ended.
    pub fn write_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        let text = serde_json::to_string(outcome)?;
        if text.len() <= LONGEST_NOTE {
            return symlink(text, self.0.join(OUTCOME));
        }
        replace(&self.0.join(OUTCOME), text.as_bytes(), 0o600).or_else(|_| self.write_short(outcome))
    }

    /// A full disk costs the output, and at worst the end of the reason.
    fn write_short(&self, outcome: &Outcome) -> io::Result<()> {
        let reason = outcome.reason.as_ref().map(|reason| reason.chars().filter(char::is_ascii).take(40).collect());
        let short = Outcome { reason, output: Vec::new(), ..outcome.clone() };
        symlink(serde_json::to_string(&short)?, self.0.join(OUTCOME))
    }

    /// How the command ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.read(OUTCOME)
    }

    /// Puts a script where it can be executed.
    pub fn write_script(&self, text: &str) -> io::Result<()> {
        replace(&self.script(), text.as_bytes(), 0o755)
    }

    /// Where the script is.
    pub fn script(&self) -> PathBuf {
        self.0.join(SCRIPT)
    }

    /// Removes the record. The outcome goes last, so that half a removal still tells everything.
    pub fn forget(&self) -> io::Result<()> {
        for name in [KEEPER, STARTED, SCRIPT, OUTCOME] {
            remove(&self.0.join(name))?;
        }
        match fs::remove_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) => fs::remove_dir_all(&self.0),
            Ok(()) => Ok(()),
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        let path = self.0.join(name);
        let note = fs::read_link(&path).map(|target| target.into_os_string().into_encoded_bytes());
        serde_json::from_slice(&note.or_else(|_| fs::read(path)).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(directory: &tempfile::TempDir) -> Record {
        let record = Record::new(directory.path().join("running/unit"));
        record.prepare().unwrap();
        record
    }

    /// What was noted is read; nothing of it is left after it was prepared again.
    #[test]
    fn notes() {
        let directory = tempfile::tempdir().unwrap();
        let record = record(&directory);
        let keeper = KeeperRecord { pid: 4_194_304, start_ticks: u64::MAX, is_stop: false };
        assert_eq!((record.keeper(), record.was_started(), record.outcome()), (None, false, None));
        record.write_keeper(&keeper).unwrap();
        record.mark_started().unwrap();
        let short = Outcome { exit: Some(0), ..Outcome::default() };
        record.write_outcome(&short).unwrap();
        assert_eq!((record.keeper(), record.was_started(), record.outcome()), (Some(keeper), true, Some(short)));
        record.prepare().unwrap();
        assert_eq!((record.keeper(), record.was_started(), record.outcome()), (None, false, None));
        let long = Outcome { output: vec!["x".repeat(1000); 5], ..Outcome::failed("exit 1", true) };
        record.write_outcome(&long).unwrap();
        assert_eq!(record.outcome(), Some(long));
    }

    /// A full disk is where a file cannot be written; a link still can, and says how it ended.
    #[test]
    fn a_full_disk_costs_only_the_output() {
        let directory = tempfile::tempdir().unwrap();
        let record = record(&directory);
        // Nothing can be written under the draft's name.
        fs::create_dir(record.0.join(".outcome.new")).unwrap();
        let long = Outcome { output: vec!["x".repeat(1000); 5], ..Outcome::failed("exit 1", true) };
        record.write_outcome(&long).unwrap();
        assert_eq!(record.outcome(), Some(Outcome::failed("exit 1", true)));
    }

    /// Half a removal still tells that it was `stop` that ended: taken for `start`, the unit would be up.
    #[test]
    fn half_a_removal() {
        let directory = tempfile::tempdir().unwrap();
        let record = record(&directory);
        record.write_keeper(&KeeperRecord { pid: 1, start_ticks: 1, is_stop: true }).unwrap();
        record.write_outcome(&Outcome { is_stop: true, ..Outcome::default() }).unwrap();
        fs::remove_file(record.0.join(KEEPER)).unwrap();
        assert!(record.outcome().unwrap().is_stop);
    }
}
