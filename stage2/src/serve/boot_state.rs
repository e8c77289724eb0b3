//! `ETC/boot-state`: how many boots in a row did not succeed, and which unit set worked last.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file's name in ETC.
pub(super) const FILE: &str = "boot-state";
/// So many boots in a row that fail are enough.
const ENOUGH: u32 = 3;

/// What the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BootState {
    v: u32,
    /// Boots since the last that succeeded, the one that is under way included: one that hangs cannot count itself.
    pub failed: u32,
    /// The generation of the last boot that succeeded.
    pub good: Option<u64>,
    /// The generation that failed last, where that boot got as far as to keep it.
    #[serde(default)]
    pub bad: Option<u64>,
}

impl BootState {
    /// As the file says; where it says nothing that can be understood, nothing has happened yet.
    pub fn read(etc: &Path) -> Self {
        let state: Option<Self> = fs::read(etc.join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        state.filter(|state| state.v == 1).unwrap_or(Self { v: 1, ..Self::default() })
    }

    /// The file's text.
    pub fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Another boot begins.
    pub fn count(&mut self) {
        self.failed = self.failed.saturating_add(1);
    }

    /// Earlier boots have failed often enough: this one takes the unit set that worked.
    pub fn begins_with_good(&self) -> Option<u64> {
        self.good.filter(|_| self.failed > ENOUGH)
    }

    /// This boot has ended with the unit set of this number; whether that worked.
    pub fn judge(&mut self, number: u64, has_worked: bool) {
        if has_worked {
            *self = Self { failed: 0, good: Some(number), bad: None, ..*self };
        } else {
            self.bad = Some(number);
        }
    }

    /// Somebody has changed the unit set that failed: it gets a chance of its own.
    pub fn forgive(&mut self) {
        self.failed = 1;
        self.bad = None;
    }

    /// This boot has failed, and it is the last straw.
    pub fn falls_back(&self) -> Option<u64> {
        self.good.filter(|_| self.failed == ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The third boot that fails falls back, a fourth begins there; damage is no history.
    #[test]
    fn counts() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = BootState::read(directory.path());
        state.good = Some(7);
        let answers: Vec<_> = (0..4)
            .map(|_| {
                state.count();
                (state.falls_back(), state.begins_with_good())
            })
            .collect();
        assert_eq!(answers, [(None, None), (None, None), (Some(7), None), (None, Some(7))]);
        fs::write(directory.path().join(FILE), state.text()).unwrap();
        assert_eq!(
            fs::read_to_string(directory.path().join(FILE)).unwrap(),
            "{\"v\":1,\"failed\":4,\"good\":7,\"bad\":null}\n"
        );
        assert_eq!(BootState::read(directory.path()), state);
        fs::write(directory.path().join(FILE), "{\"v\":1,\"failed\":4,").unwrap();
        assert_eq!(BootState::read(directory.path()), BootState { v: 1, ..BootState::default() });
    }
}
