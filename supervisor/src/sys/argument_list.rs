//! An argument list of any length for exec, in pages of its own.

use core::ffi::{CStr, c_char};
use core::ptr::null;

use super::error::{Errno, Result};
use super::exec::Arguments;
use super::table::Table;

/// The list, as it grows.
#[derive(Debug, Default)]
pub struct ArgumentList {
    text: Table<u8>,
    pointers: Table<*const c_char>,
}

impl ArgumentList {
    /// An empty list.
    pub const fn new() -> Self {
        Self { text: Table::new(), pointers: Table::new() }
    }

    /// Appends one argument that consists of several parts. After an error the list is as it was.
    pub fn push(&mut self, parts: &[&[u8]]) -> Result<()> {
        let length = self.text.len();
        let mut bytes = parts.iter().flat_map(|part| part.iter());
        let pushed = bytes.try_for_each(|&byte| if byte == 0 { Err(Errno::EINVAL) } else { self.text.push(byte) });
        let pushed = pushed.and_then(|()| self.text.push(0));
        pushed.inspect_err(|_| self.text.truncate(length))
    }

    /// Bytes of all arguments, their ends included.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// There is no argument.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Gives the list up from a former [`ArgumentList::len`] on.
    pub fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// All arguments, each with its zero byte.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The list as exec takes it.
    pub fn arguments(&mut self) -> Result<Arguments<'_>> {
        self.pointers.truncate(0);
        let mut rest: &[u8] = &self.text;
        while let Ok(argument) = CStr::from_bytes_until_nul(rest) {
            self.pointers.push(argument.as_ptr())?;
            rest = rest.get(argument.to_bytes_with_nul().len()..).unwrap_or_default();
        }
        self.pointers.push(null())?;
        Arguments::of_list(&self.pointers).ok_or(Errno::EINVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand arguments stand in the list, each made of its parts; an empty or broken one is refused whole.
    #[test]
    fn holds_many() {
        let mut list = ArgumentList::new();
        for number in 0..1000 {
            list.push(&[b"--output=", format!("{number}").as_bytes()]).unwrap();
        }
        assert_eq!(list.push(&[b"a", b"b\0c"]), Err(Errno::EINVAL));
        list.arguments().unwrap();
        assert_eq!(list.pointers.len(), 1001);
        // SAFETY: the list is alive, and entry 999 is a string of it.
        assert_eq!(unsafe { CStr::from_ptr(list.pointers[999]) }, c"--output=999");
        assert!(list.pointers[1000].is_null());
    }
}
