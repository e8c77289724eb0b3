//! Which keys there are, and which kind of unit each belongs to.

use super::{Checker, KindWord};
use crate::Place;
use crate::language::Belongs::{self, Everywhere, Longrun, Oneshot, Running};
use crate::language::{key, keys};
use crate::text::{did_you_mean, quoted};

impl<'a> Checker<'a> {
    /// Every key with its place, of those whose values are torn, too.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'a str, &'a Place)> + use<'a> {
        let torn = self.tear.map_or(&[][..], |tear| &tear.keys);
        let whole = self.fields.iter().map(|entry| (entry.key.as_ref(), &entry.place));
        whole.chain(torn.iter().map(|(name, place)| (name.as_ref(), place)))
    }

    /// Checks that every key is known and belongs to the unit's kind.
    pub(super) fn check_keys(&mut self) {
        for (name, place) in self.keys() {
            // Each suggestion is a search among all keys.
            if self.is_full() {
                return;
            }
            let Some(known) = key(name) else {
                let hint = did_you_mean(name, keys().map(|key| key.name));
                self.error(place, format!("unknown key {}{hint}", quoted(name)));
                continue;
            };
            if let Some((owner, kind)) = self.kind.and_then(|kind| Some((stranger(known.belongs, kind)?, kind))) {
                let shown = quoted(name);
                self.error(place, format!("key {shown} belongs to {owner}, not to a {}", kind.name()));
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
