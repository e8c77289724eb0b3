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
}

use Belongs::{Everywhere, Longrun, Oneshot, Running};

/// Every key of the language.
const KEYS: [(&str, Belongs); 46] = [
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
    ("reload", Running),
    ("watchdog", Longrun),
    ("forks", Longrun),
    ("pidfile", Longrun),
    ("servicedir", Longrun),
    ("conflicts", Everywhere),
    ("provides", Everywhere),
    ("essential", Everywhere),
    ("restart", Longrun),
    ("max-deaths", Longrun),
    ("stop-signal", Longrun),
    ("user", Running),
    ("group", Running),
    ("groups", Running),
    ("env", Running),
    ("env-file", Running),
    ("directory", Running),
    ("umask", Running),
    ("nice", Running),
    ("oom-score-adj", Running),
    ("limits", Running),
    ("tty", Running),
    ("cgroup", Running),
    ("no-new-privileges", Running),
    ("capabilities", Running),
    ("private-tmp", Running),
    ("read-only", Running),
    ("hide", Running),
    ("sockets", Longrun),
];

/// Whether the language has the key.
pub(crate) fn is_supported(key: &str) -> bool {
    KEYS.iter().any(|(name, _)| *name == key)
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
        Everywhere => return None,
        Running => ("a longrun or oneshot", kind != KindWord::Milestone),
        Longrun => ("a longrun", kind == KindWord::Longrun),
        Oneshot => ("a oneshot", kind == KindWord::Oneshot),
    };
    (!is_own).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key is explained in unit(5).
    #[test]
    fn every_key_is_in_the_manual() {
        let manual = include_str!("../../../docs/man/unit.5");
        for (key, _) in KEYS {
            assert!(manual.contains(&format!("\n.It Ic {key} : ")), "{key}");
        }
    }
}
