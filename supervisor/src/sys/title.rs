//! The last argument of the process as a place to write: what `ps` shows of us.

use super::start::Stack;

/// The bytes of the last argument. A program that has one must not borrow that argument from its [`Stack`] any more.
#[derive(Debug)]
pub struct Title {
    first: *mut u8,
    length: usize,
}

impl Title {
    /// The last argument of a process that has one besides its name.
    pub fn of(stack: Stack) -> Option<Self> {
        let last = stack.len().checked_sub(1).filter(|last| *last > 0)?;
        let text = stack.argument(last)?;
        Some(Self { first: text.as_ptr().cast_mut().cast(), length: text.count_bytes() })
    }

    /// Its size in bytes.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// True when it is the empty string.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The byte at a place; 0 beyond the end.
    pub fn get(&self, at: usize) -> u8 {
        if at >= self.length {
            return 0;
        }
        // SAFETY: `at` is within the string, which the kernel made for us and which lives as long as the process.
        unsafe { self.first.add(at).read_volatile() }
    }

    /// Sets the byte at a place; beyond the end nothing happens.
    pub fn set(&mut self, at: usize, byte: u8) {
        if at < self.length {
            // SAFETY: as in `get`; the kernel's stack is writable, and by the rule of this type nobody borrows the string.
            unsafe { self.first.add(at).write_volatile(byte) };
        }
    }
}
