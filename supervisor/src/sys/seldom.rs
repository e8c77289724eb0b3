//! The part of a resident program that is seldom executed: its beginning, its messages, what it does on a bad day.
//!
//! `resident.ld` puts every `#[cold]` function there, apart from all others, so that its pages are in memory only while
//! somebody needs them.

use core::ops::Range;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

/// Where that part is.
#[derive(Clone, Debug)]
pub struct Seldom(Range<usize>);

impl Seldom {
    /// # Safety
    /// The addresses must hold nothing but text and constants, or nothing at all.
    pub const unsafe fn new(addresses: Range<usize>) -> Self {
        Self(addresses)
    }

    /// Takes its pages out of our memory. What is executed there later is read anew from the program's file.
    pub fn give_back(&self) {
        // SAFETY: what is never written to is the same when it is read again.
        let _ = unsafe { syscall!(Sysno::madvise, self.0.start, self.0.len(), abi::MADV_DONTNEED) };
    }
}

/// The part of the resident program that this stands in, as `resident.ld` names it.
#[macro_export]
macro_rules! seldom {
    () => {{
        unsafe extern "C" {
            static seldom_begin: u8;
            static seldom_end: u8;
        }
        // SAFETY: only the addresses are taken, and the linker's script puts nothing but text between them.
        unsafe {
            let (begin, end) = (&raw const seldom_begin, &raw const seldom_end);
            $crate::sys::seldom::Seldom::new(begin as usize..end as usize)
        }
    }};
}
