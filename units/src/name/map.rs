//! Maps by unit names.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::UnitName;
use crate::checksum::checksum;

/// A map that finds names quickly.
pub type NameMap<V> = QuickMap<UnitName, V>;

/// A map by what stands in unit files. They are those of whoever runs the units, who gains nothing by choosing names so that
/// they get in each other's way; the standard library's hash, made for strangers' keys, takes an eighth of a reading.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;

/// The hash of one name, path or number: of what is written last, as lengths come first.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = checksum(bytes);
    }

    /// What ends a text: nothing follows it.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
