//! How long units took to come up in earlier boots, so that the longest remaining path is begun first; and which of them kept
//! a processor busy meanwhile, so that no more of those are begun than there are processors.
//!
//! A small file, `durations` in `/var/lib/sunup`, read when it is there and replaced when it can be. It is only advice: a
//! boot without it is in the same order but for units that could begin at the same moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;
use serde::{Deserialize, Serialize};

use crate::system::replace::replace_kept;

/// Units that are remembered, at most.
const MOST_UNITS: usize = 4096;
/// The longest file that is read, in bytes: so many units with long names.
const LONGEST_FILE: u64 = 2 << 20;
/// Who has used less of a processor, in ns, is begun before the others are looked at.
const LEAST_APPETITE: u64 = 20_000_000;

/// Milliseconds from being begun to being up, by unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    v: u32,
    ms: BTreeMap<String, u64>,
    #[serde(default)]
    burn: BTreeSet<String>,
}

impl Durations {
    /// What the file says; nothing if there is none, or it cannot be understood.
    pub fn read(path: &Path) -> Self {
        let known: Option<Self> = read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        known.filter(|durations| durations.v == 1).unwrap_or_default()
    }

    /// Milliseconds by unit.
    pub fn milliseconds(&self) -> &BTreeMap<String, u64> {
        &self.ms
    }

    /// Takes in what a unit took this time. One slow boot counts for half.
    pub fn learn(&mut self, unit: &str, ms: u64) {
        if let Some(known) = self.ms.get_mut(unit) {
            *known = known.midpoint(ms);
        } else if self.ms.len() < MOST_UNITS {
            self.ms.insert(unit.to_owned(), ms);
        }
    }

    /// Whether the unit kept a processor busy when it came up last.
    pub fn burns(&self, unit: &str) -> bool {
        self.burn.contains(unit)
    }

    /// Takes in what a unit has used of a processor this time, and what it could have had, in ns.
    pub fn learn_appetite(&mut self, unit: &str, used: u64, share: u64) {
        if used < LEAST_APPETITE || used < share / 4 {
            self.burn.remove(unit);
        } else if self.ms.contains_key(unit) {
            self.burn.insert(unit.to_owned());
        }
    }

    /// Forgets units that are not known any more.
    pub fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.ms.retain(|unit, _| is_known(unit));
        self.burn.retain(|unit| is_known(unit));
    }

    /// Replaces the file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut text = serde_json::to_vec(&Self { v: 1, ..self.clone() })?;
        text.push(b'\n');
        replace_kept(path, &text, 0o644)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let mut text = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was learned is there after the next boot; two boots count the same; what is not understood is forgotten.
    #[test]
    fn learns() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sunup/durations");
        let mut durations = Durations::read(&path);
        assert!(durations.milliseconds().is_empty());
        durations.learn("sshd", 100);
        durations.learn("gone", 7);
        durations.write(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"v\":1,\"ms\":{\"gone\":7,\"sshd\":100},\"burn\":[]}\n");
        let mut durations = Durations::read(&path);
        durations.learn("sshd", 300);
        durations.retain(|unit| unit != "gone");
        assert_eq!(durations.milliseconds(), &BTreeMap::from([("sshd".to_owned(), 200)]));
        fs::write(&path, "{\"v\":2,\"ms\":{}}").unwrap();
        assert_eq!(Durations::read(&path), Durations::default());
        fs::write(&path, "\0\0").unwrap();
        assert_eq!(Durations::read(&path), Durations::default());
    }

    /// Who had little to do, or was mostly idle while it could have had a processor, does not keep one busy; and whoever did,
    /// does so until the next time.
    #[test]
    fn appetite() {
        const MS: u64 = 1_000_000;
        let mut durations = Durations::default();
        for unit in ["index", "quick", "waits", "crowded"] {
            durations.learn(unit, 1000);
        }
        durations.learn_appetite("index", 900 * MS, 1000 * MS);
        durations.learn_appetite("quick", 9 * MS, 10 * MS);
        durations.learn_appetite("waits", 200 * MS, 1000 * MS);
        durations.learn_appetite("crowded", 30 * MS, 110 * MS);
        durations.learn_appetite("unknown", 900 * MS, 1000 * MS);
        let burning = |durations: &Durations| {
            let all = ["crowded", "index", "quick", "unknown", "waits"];
            all.into_iter().filter(|unit| durations.burns(unit)).collect::<Vec<_>>()
        };
        assert_eq!(burning(&durations), ["crowded", "index"]);
        durations.learn_appetite("index", 100 * MS, 1000 * MS);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("durations");
        durations.write(&path).unwrap();
        assert_eq!(burning(&Durations::read(&path)), ["crowded"]);
        durations.retain(|unit| unit != "crowded");
        assert!(burning(&durations).is_empty());
    }

    /// However many units there have been, the file stays small.
    #[test]
    fn bounded() {
        let mut durations = Durations::default();
        (0..5000).for_each(|number| durations.learn(&format!("unit-{number}"), 1));
        assert_eq!(durations.milliseconds().len(), MOST_UNITS);
    }
}
