//! Which keys there are, and which kind of unit each belongs to.

use super::{Checker, KindWord};
use crate::language::Belongs::{self, Everywhere, Longrun, Oneshot, Running};
use crate::language::{key, keys};
use crate::text::{did_you_mean, quoted};

impl Checker<'_> {
    /// Checks that every key is known and belongs to the unit's kind.
    pub(super) fn check_keys(&mut self) {
        for entry in self.fields {
            // Each suggestion is a search among all keys.
            if self.is_full() {
                return;
            }
            let Some(known) = key(&entry.key) else {
                let hint = did_you_mean(&entry.key, keys().map(|key| key.name));
                self.error(&entry.place, format!("unknown key {}{hint}", quoted(&entry.key)));
                continue;
            };
            if let Some((owner, kind)) = self.kind.and_then(|kind| Some((stranger(known.belongs, kind)?, kind))) {
                let shown = quoted(&entry.key);
                self.error(&entry.place, format!("key {shown} belongs to {owner}, not to a {}", kind.name()));
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
        for key in keys() {
            assert!(manual.contains(&format!("\n.It Ic {} : ", key.name)), "{}", key.name);
        }
    }
}
