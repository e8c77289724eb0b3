//! Which keys there are, and which kind of unit each belongs to.

use super::{Checker, KindWord};
use crate::text::{did_you_mean, quoted};

/// Which units may have a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// Every unit.
    Everywhere,
    /// Longruns and oneshots: what runs something.
    Running,
    Longrun,
    Oneshot,
    /// The language has it, but nothing acts on it yet.
    Later,
}

use Belongs::{Everywhere, Later, Longrun, Oneshot, Running};

/// Every key of the language.
const KEYS: [(&str, Belongs); 45] = [
    ("name", Everywhere),
    ("description", Everywhere),
    ("kind", Everywhere),
    ("needs", Everywhere),
    ("wants", Everywhere),
    ("after", Everywhere),
    ("before", Everywhere),
    ("if", Everywhere),
    ("start-timeout", Running),
    ("stop-timeout", Running),
    ("run", Longrun),
    ("ready", Longrun),
    ("kill-mode", Longrun),
    ("log", Longrun),
    ("start", Oneshot),
    ("stop", Oneshot),
    ("do", Oneshot),
    ("reload", Later),
    ("forks", Later),
    ("pidfile", Later),
    ("servicedir", Later),
    ("conflicts", Later),
    ("provides", Later),
    ("essential", Later),
    ("restart", Later),
    ("max-deaths", Later),
    ("stop-signal", Later),
    ("user", Later),
    ("group", Later),
    ("groups", Later),
    ("env", Later),
    ("env-file", Later),
    ("directory", Later),
    ("umask", Later),
    ("nice", Later),
    ("oom-score-adj", Later),
    ("limits", Later),
    ("tty", Later),
    ("cgroup", Later),
    ("no-new-privileges", Later),
    ("capabilities", Later),
    ("private-tmp", Later),
    ("read-only", Later),
    ("hide", Later),
    ("sockets", Later),
];

/// Whether the language has the key, and something acts on it.
pub(crate) fn is_supported(key: &str) -> bool {
    KEYS.iter().any(|(name, belongs)| *name == key && *belongs != Later)
}

impl Checker<'_> {
    /// Checks that every key is known and belongs to the unit's kind.
    pub(super) fn check_keys(&mut self) {
        for entry in self.fields {
            let key = quoted(&entry.key);
            match KEYS.iter().find(|(name, _)| *name == entry.key) {
                None => {
                    let hint = did_you_mean(&entry.key, KEYS.iter().map(|(name, _)| *name));
                    self.error(&entry.place, format!("unknown key {key}{hint}"));
                }
                Some((_, Later)) => self.error(&entry.place, format!("key {key} is not supported yet")),
                Some((_, belongs)) => {
                    if let Some((owner, kind)) = self.kind.and_then(|kind| Some((stranger(*belongs, kind)?, kind))) {
                        self.error(&entry.place, format!("key {key} belongs to {owner}, not to a {}", kind.name()));
                    }
                }
            }
        }
    }
}

/// The kind that a key belongs to, if it is not this one.
fn stranger(belongs: Belongs, kind: KindWord) -> Option<&'static str> {
    let (owner, is_own) = match belongs {
        Everywhere | Later => return None,
        Running => ("a longrun or oneshot", kind != KindWord::Milestone),
        Longrun => ("a longrun", kind == KindWord::Longrun),
        Oneshot => ("a oneshot", kind == KindWord::Oneshot),
    };
    (!is_own).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key is in unit(5): explained, or named among those that are to come.
    #[test]
    fn every_key_is_in_the_manual() {
        let manual = include_str!("../../../docs/man/unit.5");
        let (explained, rest) = manual.split_once("\n.Ss Keys that are not supported yet\n").unwrap();
        let to_come = rest.split("\n.Sh BUNDLES").next().unwrap();
        for (key, belongs) in KEYS {
            let is_there = match belongs {
                Later => to_come.split_whitespace().any(|word| word == key),
                _ => explained.contains(&format!("\n.It Ic {key} : ")),
            };
            assert!(is_there, "{key}");
        }
    }
}
