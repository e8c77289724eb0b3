//! What is on disk about a one-shot that runs: `RUN/engine/NAME/`, for the engine's successor alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use supervisor::sys::process::start_ticks;

use crate::system::replace::{remove, replace};

/// The keeper's process.
const KEEPER: &str = "keeper";
/// The command has begun, or was about to.
const STARTED: &str = "started";
/// The command has ended.
const OUTCOME: &str = "outcome";
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
}

impl Record {
    /// The record in this directory.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// An empty record, whatever was there before.
    pub fn prepare(&self) -> io::Result<()> {
        self.forget()?;
        fs::create_dir_all(&self.0)
    }

    /// Notes the keeper: before this, the command has not begun.
    pub fn write_keeper(&self, keeper: &KeeperRecord) -> io::Result<()> {
        self.write(KEEPER, keeper)
    }

    /// The keeper, if one was noted.
    pub fn keeper(&self) -> Option<KeeperRecord> {
        self.read(KEEPER)
    }

    /// Notes that the command begins: from now on it must not be run again unasked.
    pub fn mark_started(&self) -> io::Result<()> {
        fs::write(self.0.join(STARTED), "")
    }

    /// The command has begun.
    pub fn was_started(&self) -> bool {
        self.0.join(STARTED).exists()
    }

    /// Notes how the command ended.
    pub fn write_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        self.write(OUTCOME, outcome)
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

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// Removes the record. The outcome goes last, so that half a removal still tells it.
    pub fn forget(&self) -> io::Result<()> {
        for name in [KEEPER, STARTED, SCRIPT, OUTCOME] {
            remove(&self.0.join(name))?;
        }
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        replace(&self.0.join(name), &serde_json::to_vec(value)?, 0o600)
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.0.join(name)).ok()?).ok()
    }
}
