//! Names of the entries, one after the other in one table: a name takes its own length and no more.

use core::ffi::CStr;

use crate::sys::error::Result;
use crate::sys::table::Table;

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    start: u32,
    length: u32,
}

impl Name {
    /// Corrects the place after another name was removed.
    pub const fn after_removal(&mut self, removed: Name) {
        if self.start > removed.start {
            self.start -= removed.length;
        }
    }
}

/// The table.
#[derive(Debug, Default)]
pub struct Names(Table<u8>);

impl Names {
    /// No names.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    /// Keeps a name, with its zero byte.
    pub fn add(&mut self, name: &CStr) -> Result<Name> {
        let start = self.0.len();
        for &byte in name.to_bytes_with_nul() {
            if let Err(errno) = self.0.push(byte) {
                self.0.truncate(start);
                return Err(errno);
            }
        }
        Ok(Name { start: start as u32, length: name.to_bytes_with_nul().len() as u32 })
    }

    /// The name.
    pub fn get(&self, name: Name) -> &CStr {
        let bytes = self.0.get(name.start as usize..).and_then(|tail| tail.get(..name.length as usize));
        CStr::from_bytes_with_nul(bytes.unwrap_or(b"\0")).unwrap_or(c"")
    }

    /// Removes a name; every other one must then be told by [`Name::after_removal`].
    pub fn remove(&mut self, name: Name) {
        let end = (name.start + name.length) as usize;
        if end <= self.0.len() {
            self.0.copy_within(end.., name.start as usize);
            self.0.truncate(self.0.len() - name.length as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names survive the removal of one before, between or after them.
    #[test]
    fn removal() {
        let mut names = Names::new();
        let [mut a, b, mut c] = [c"a", c"bb", c"ccc"].map(|name| names.add(name).unwrap());
        names.remove(b);
        a.after_removal(b);
        c.after_removal(b);
        assert_eq!((names.get(a), names.get(c)), (c"a", c"ccc"));
        let d = names.add(c"d").unwrap();
        assert_eq!((names.get(c), names.get(d)), (c"ccc", c"d"));
    }
}
