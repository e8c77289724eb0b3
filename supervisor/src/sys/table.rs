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
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 4096) };
        if (self.length + 1) * size_of::<T>() > self.bytes {
            // SAFETY: the mapping is ours alone, and `&mut self` proves that no reference into it is alive.
            let (start, bytes) = unsafe { grown(self.start.as_ptr() as usize, self.bytes, size_of::<T>()) }?;
            self.start = NonNull::new(start as *mut T).ok_or(Errno::ENOMEM)?;
            self.bytes = bytes;
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
}

/// Maps more pages than the `old` bytes at `start`, at least `element` bytes more; what was there keeps its values, at another
/// address perhaps. Gives address and bytes. One function for tables of everything.
///
/// # Safety
/// If `old` is not zero, they are a mapping that nobody has a reference into.
#[inline(never)]
unsafe fn grown(start: usize, old: usize, element: usize) -> Result<(usize, usize)> {
    let bytes = (old + element).max(old * 2).max(FIRST).next_multiple_of(4096);
    if old > 0 {
        // SAFETY: the caller's promise.
        return Ok((unsafe { syscall!(Sysno::mremap, start, old, bytes, abi::MREMAP_MAYMOVE) }?, bytes));
    }
    let protection = abi::PROT_READ | abi::PROT_WRITE;
    let flags = abi::MAP_PRIVATE | abi::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping touches no existing memory.
    Ok((unsafe { syscall!(Sysno::mmap, 0, bytes, protection, flags, -1isize, 0) }?, bytes))
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
