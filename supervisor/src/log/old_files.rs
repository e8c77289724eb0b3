//! Finished files: named by the moment at which they were finished, removed, the oldest first, when they are too many.

use core::ffi::CStr;

use super::script::Limits;
use crate::sys::descriptor::Descriptor;
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, Names, O_DIRECTORY, O_RDONLY};
use crate::sys::text::Text;
use crate::sys::time;

/// Bytes of `@` and a label.
const LABEL: usize = 25;
/// Bytes that a name may have, its zero included.
const NAME: usize = 40;

/// What finished files there are.
#[derive(Debug)]
pub struct OldFiles {
    count: u64,
    /// Bytes of all of them; counted only where that is limited.
    size: u64,
    /// The name of the oldest.
    oldest: Text<NAME>,
}

impl OldFiles {
    /// Looks through a directory.
    pub fn of(directory: Descriptor, limits: &Limits) -> Result<Self> {
        let listing = files::open_at(directory, c".", O_RDONLY | O_DIRECTORY, 0)?;
        let mut names = Names::of(*listing);
        let mut old = Self { count: 0, size: 0, oldest: Text::new() };
        while let Some(file) = names.next_name()? {
            let name = file.to_bytes();
            if name.first() != Some(&b'@') || name.len() < LABEL || name.len() >= NAME {
                continue;
            }
            if limits.total != u64::MAX {
                old.size += files::status_at(directory, file).map_or(0, |status| status.size);
            }
            old.count += 1;
            if old.count == 1 || name < old.oldest.bytes() {
                old.oldest.clear();
                old.oldest.push(name);
            }
        }
        Ok(old)
    }

    /// The oldest, if there are too many files, or too many bytes in them.
    pub fn to_remove(&self, limits: &Limits) -> Option<&CStr> {
        let too_many = self.count >= limits.files || self.size > limits.total;
        self.oldest.c_str().filter(|_| self.count > 0 && too_many)
    }
}

/// Renames a file to the present moment's label and a suffix.
pub fn finish(directory: Descriptor, file: &CStr, suffix: &[u8]) -> Result<()> {
    let mut name = Text::<NAME>::new();
    name.push(&time::label().label());
    name.push(suffix);
    match files::rename_at(directory, file, name.c_str().ok_or(Errno::ENAMETOOLONG)?) {
        // It was renamed before, but the next one could not be opened then.
        Err(Errno::ENOENT) => Ok(()),
        answer => answer,
    }
}
