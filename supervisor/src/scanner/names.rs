//! Names of the entries, one after the other in one table: a name takes its own length and no more.

use core::ffi::CStr;

use crate::sys::error::Result;
use crate::sys::table::Table;

/// Where a name begins; it ends with its zero byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(u32);

impl Name {
    /// Corrects the place after another name of so many bytes, its zero included, was removed.
    pub const fn after_removal(&mut self, removed: Name, length: u32) {
        if self.0 > removed.0 {
            self.0 -= length;
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
        Ok(Name(start as u32))
    }

    /// The name.
    pub fn get(&self, name: Name) -> &CStr {
        let tail = self.0.get(name.0 as usize..).unwrap_or_default();
        CStr::from_bytes_until_nul(tail).unwrap_or(c"")
    }

    /// Removes a name and gives its bytes; every other one must then be told by [`Name::after_removal`].
    pub fn remove(&mut self, name: Name) -> u32 {
        let length = self.get(name).to_bytes_with_nul().len();
        let start = name.0 as usize;
        if start + length <= self.0.len() {
            self.0.copy_within(start + length.., start);
            self.0.truncate(self.0.len() - length);
        }
        length as u32
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
        let length = names.remove(b);
        a.after_removal(b, length);
        c.after_removal(b, length);
        assert_eq!((names.get(a), names.get(c)), (c"a", c"ccc"));
        let d = names.add(c"d").unwrap();
        assert_eq!((names.get(c), names.get(d)), (c"ccc", c"d"));
    }
}
