//! The entries of a document by key.

use crate::tree::Entry;

/// The entries, and a trace of every key that is there: of the many keys that a unit may have most are not there, which
/// their traces tell without a look at the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'a> {
    entries: &'a [Entry<'a>],
    traces: u64,
}

impl<'a> Fields<'a> {
    pub(super) fn new(entries: &'a [Entry<'a>]) -> Self {
        Self { entries, traces: entries.iter().fold(0, |traces, entry| traces | trace(&entry.key)) }
    }

    /// In the order of the text.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a Entry<'a>> {
        self.entries.iter()
    }

    #[inline]
    pub(super) fn find(self, key: &str) -> Option<&'a Entry<'a>> {
        let may_be_there = self.traces & trace(key) != 0;
        may_be_there.then(|| self.entries.iter().find(|entry| entry.key == key)).flatten()
    }
}

/// One bit, which few keys have in common.
#[inline]
fn trace(key: &str) -> u64 {
    let first = key.bytes().next().unwrap_or_default();
    1 << ((key.len() * 7 + usize::from(first)) % 64)
}
