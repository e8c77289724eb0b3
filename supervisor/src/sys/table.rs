//! A growing table in pages of its own (mmap, mremap), for programs without an allocator.
//!
//! Elements are never dropped by the table, which lives as long as the process or holds plain numbers.

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// Bytes that are mapped first; the table grows by doubling.
const FIRST: usize = 4096;

/// The table.
#[derive(Debug)]
pub struct Table<T> {
    start: NonNull<T>,
    length: usize,
    bytes: usize,
}

impl<T> Table<T> {
    /// An empty table; nothing is mapped yet.
    pub const fn new() -> Self {
        Self { start: NonNull::dangling(), length: 0, bytes: 0 }
    }

    /// Appends an element. ENOMEM gives nothing up but the element.
    pub fn push(&mut self, element: T) -> Result<()> {
        let needed = (self.length + 1).checked_mul(size_of::<T>()).ok_or(Errno::ENOMEM)?;
        if needed > self.bytes {
            self.grow(needed)?;
        }
        // SAFETY: the mapping has room for one more element, is aligned to a page, and nothing lives there yet.
        unsafe { self.start.add(self.length).write(element) };
        self.length += 1;
        Ok(())
    }

    /// Takes an element out; the last one moves to its place.
    pub fn swap_remove(&mut self, at: usize) -> Option<T> {
        let last = self.length.checked_sub(1)?;
        if at > last {
            return None;
        }
        self.swap(at, last);
        self.length = last;
        // SAFETY: the element at `last` is alive, and from now on the table does not count it.
        Some(unsafe { self.start.add(last).read() })
    }

    /// Forgets the elements from `length` on; they are not dropped.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Maps more pages; the old elements keep their values, at another address perhaps.
    fn grow(&mut self, needed: usize) -> Result<()> {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 4096) };
        let bytes = needed.max(self.bytes * 2).max(FIRST).next_multiple_of(4096);
        let start = if self.bytes == 0 {
            let protection = abi::PROT_READ | abi::PROT_WRITE;
            let flags = abi::MAP_PRIVATE | abi::MAP_ANONYMOUS;
            // SAFETY: a new anonymous mapping touches no existing memory.
            unsafe { syscall!(Sysno::mmap, 0, bytes, protection, flags, -1isize, 0) }?
        } else {
            // SAFETY: the old mapping is ours alone, and `&mut self` proves that no reference into it is alive.
            unsafe { syscall!(Sysno::mremap, self.start.as_ptr(), self.bytes, bytes, abi::MREMAP_MAYMOVE) }?
        };
        self.start = NonNull::new(start as *mut T).ok_or(Errno::ENOMEM)?;
        self.bytes = bytes;
        Ok(())
    }
}

impl<T> Drop for Table<T> {
    /// Gives the pages back. Elements are forgotten.
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: the mapping is ours alone, and nobody can have a reference into a table that is dropped.
            let _ = unsafe { syscall!(Sysno::munmap, self.start.as_ptr(), self.bytes) };
        }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the first `length` elements are alive; with none the dangling pointer is aligned, as slices want.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes it exclusive.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements survive growing over many pages, and removal keeps the others.
    #[test]
    fn grows_and_shrinks() {
        let mut table = Table::new();
        for number in 0..10_000u64 {
            table.push(number).unwrap();
        }
        assert_eq!(table.swap_remove(0), Some(0));
        assert_eq!(table[0], 9_999);
        assert_eq!(table.iter().sum::<u64>(), 9_999 * 10_000 / 2);
        assert_eq!(table.swap_remove(9_999), None);
    }
}
