//! Which keys there are, and which kind of unit each belongs to.

use super::{Checker, KindWord};
use crate::Place;
use crate::language::Belongs::{self, Everywhere, Longrun, Oneshot, Running};
use crate::language::{Key, elsewhere, key, keys};
use crate::text::{in_brackets, nearest, quoted, suggestion};
use crate::tree::MOST_DIAGNOSTICS;

impl<'a> Checker<'a> {
    /// Every key with its place, of those whose values are torn, too.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'a str, &'a Place)> + use<'a> {
        let torn = self.tear.map_or(&[][..], |tear| &tear.keys);
        let whole = self.fields.iter().map(|entry| (entry.key.as_ref(), &entry.place));
        whole.chain(torn.iter().map(|(name, place)| (name.as_ref(), place)))
    }

    /// The key of ours that one which is none, or which belongs to another kind of unit, was probably meant to be.
    fn meant(&self, name: &str) -> Option<&'static str> {
        let fits = |key: &Key| self.kind.is_none_or(|kind| stranger(key.belongs, kind).is_none());
        let known = key(name);
        if known.is_some_and(fits) || elsewhere::advice(name).is_some() {
            return None;
        }
        let ours = elsewhere::ours(name).iter().copied().find(|name| key(name).is_some_and(fits));
        ours.or_else(|| nearest(name, keys().filter(|_| known.is_none()).map(|key| key.name)))
    }

    /// Whether one of these keys is there under another name.
    pub(super) fn is_meant(&self, one_of: &[&str]) -> bool {
        let some = self.keys().take(MOST_DIAGNOSTICS);
        some.filter_map(|(name, _)| self.meant(name)).any(|name| one_of.contains(&name))
    }

    /// Checks that every key is known and belongs to the unit's kind.
    pub(super) fn check_keys(&mut self) {
        for (name, place) in self.keys() {
            // Each suggestion is a search among all keys.
            if self.is_full() {
                return;
            }
            let what = match (key(name), self.kind) {
                (None, _) => format!("unknown key {}", quoted(name)),
                (Some(known), Some(kind)) => match stranger(known.belongs, kind) {
                    Some(owner) => format!("key {} belongs to {owner}, not to a {}", quoted(name), kind.name()),
                    None => continue,
                },
                (Some(_), None) => continue,
            };
            let hint = suggestion(self.meant(name)) + &in_brackets(elsewhere::advice(name));
            self.error(place, what + &hint);
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
