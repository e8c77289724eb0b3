//! `RUN/state/NAME`: what a unit is, for everyone to read, and for the engine's own successor.

use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use supervisor::state::State;

use crate::system::replace::replace;

/// One unit's state file; also an element of `sunup status --json`. Fields are in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// Version of the format: 1.
    pub v: u32,
    /// The unit's name.
    pub unit: String,
    /// longrun, oneshot or milestone.
    pub kind: String,
    /// Its state.
    #[serde(serialize_with = "write_state", deserialize_with = "read_state")]
    pub state: State,
    /// Its process, if one runs.
    pub pid: Option<u32>,
    /// CLOCK_BOOTTIME of the last change in ns.
    pub since_ns: u64,
    /// Why, for failed, skipped and degraded, and for down if it had to be killed.
    pub reason: Option<String>,
    /// Exit code, or 128 + signal.
    pub exit: Option<u32>,
    /// Unasked ends of a longrun.
    pub deaths: u32,
}

impl StateFile {
    /// A state file with nothing but the state.
    pub fn new(unit: &str, kind: &str, state: State, since_ns: u64) -> Self {
        let (unit, kind) = (unit.into(), kind.into());
        Self { v: 1, unit, kind, state, pid: None, since_ns, reason: None, exit: None, deaths: 0 }
    }

    /// Reads `directory/unit`; `None` when there is none, or none of ours.
    pub fn read(directory: &Path, unit: &str) -> Option<Self> {
        let text = std::fs::read(directory.join(unit)).ok()?;
        serde_json::from_slice(&text).ok().filter(|file: &Self| file.v == 1 && file.unit == unit)
    }

    /// Writes `directory/unit`.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        replace(&directory.join(&self.unit), &text, 0o644)
    }
}

fn write_state<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

fn read_state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
    let name = String::deserialize(deserializer)?;
    State::from_name(&name).ok_or_else(|| de::Error::custom(format!("unknown state {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text is that of docs/formats.md to the byte, and reading it gives the record.
    #[test]
    fn golden() {
        let mut file = StateFile::new("sshd", "longrun", State::Up, 2_131_000_000);
        file.pid = Some(431);
        let text = r#"{"v":1,"unit":"sshd","kind":"longrun","state":"up","pid":431,"since_ns":2131000000,"reason":null,"exit":null,"deaths":0}"#;
        assert_eq!(serde_json::to_string(&file).unwrap(), text);
        assert_eq!(serde_json::from_str::<StateFile>(text).unwrap(), file);
        assert!(serde_json::from_str::<StateFile>(&text.replace("\"up\"", "\"upp\"")).is_err());
    }
}
