//! How a resident program begins and, if all else fails, ends: entry point, panic handler, and the memory functions
//! that the compiler calls and that there is no libc to provide.
//!
//! # Safety
//! The only inputs are the stack that the kernel prepared and the arguments of the memory functions, whose contracts
//! are C's.

use core::ffi::{CStr, c_char};

/// Arguments and environment of the process, as the kernel left them on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Stack {
    argc: usize,
    argv: *const *const c_char,
}

impl Stack {
    /// # Safety
    /// `top` must be the stack pointer at process entry.
    pub unsafe fn new(top: *const usize) -> Self {
        // SAFETY: at process entry the kernel has put argc at the top of the stack and argv right after it.
        unsafe { Self { argc: *top, argv: top.add(1).cast() } }
    }

    /// Number of arguments, the program's name included.
    pub fn len(&self) -> usize {
        self.argc
    }

    /// True when not even a program name was given.
    pub fn is_empty(&self) -> bool {
        self.argc == 0
    }

    /// Argument number `at`.
    pub fn argument(&self, at: usize) -> Option<&'static CStr> {
        // SAFETY: below argc every entry is a string of the kernel's, which lives as long as the process.
        (at < self.argc).then(|| unsafe { CStr::from_ptr(*self.argv.add(at)) })
    }

    /// The path that the program was called by ends in this name.
    pub fn is_called(&self, name: &[u8]) -> bool {
        self.argument(0).and_then(|path| path.to_bytes().rsplit(|&byte| byte == b'/').next()) == Some(name)
    }

    /// The arguments, as execve takes them: pointers up to a null.
    pub const fn arguments(&self) -> *const *const c_char {
        self.argv
    }

    /// The environment, as execve takes it: pointers up to a null.
    pub fn environment(&self) -> *const *const c_char {
        // SAFETY: the environment begins one entry after argv's terminating null.
        unsafe { self.argv.add(self.argc + 1) }
    }

    /// The value of an environment variable.
    pub fn variable(&self, name: &[u8]) -> Option<&'static CStr> {
        let entry = self.find(name)?;
        // SAFETY: `find` answers an entry that is a string `name=…`, and a tail of a C string is a C string.
        Some(unsafe { CStr::from_ptr((*entry).add(name.len() + 1)) })
    }

    /// The end of a variable's text that begins with `tail`, which must be the end of its name: of `A_B=x` and `B` that
    /// is `B=x`.
    pub fn variable_tail(&self, name: &[u8], tail: &[u8]) -> Option<&'static CStr> {
        let entry = self.find(name)?;
        let skip = name.strip_suffix(tail)?.len();
        // SAFETY: as in `variable`; `skip` is less than the name's length.
        Some(unsafe { CStr::from_ptr((*entry).add(skip)) })
    }

    /// Takes a variable out of the environment that programs get from us.
    pub fn remove_variable(&mut self, name: &[u8]) {
        let Some(mut entry) = self.find(name) else { return };
        loop {
            // SAFETY: `entry` is before the null that ends the array, so one more entry follows; the array is on the
            // stack that the kernel made for us, writable, and nobody holds a reference into it.
            unsafe {
                let next = *entry.add(1);
                entry.cast_mut().write(next);
                entry = entry.add(1);
                if next.is_null() {
                    return;
                }
            }
        }
    }

    /// Puts `text` (`NAME=value`) where the variable `name` stands; without such a variable nothing happens.
    pub fn replace_variable(&mut self, name: &[u8], text: &'static CStr) {
        if let Some(entry) = self.find(name) {
            // SAFETY: the entry is in the kernel's writable array; the new string lives as long as the process.
            unsafe { entry.cast_mut().write(text.as_ptr()) };
        }
    }

    /// The entry of a variable.
    fn find(&self, name: &[u8]) -> Option<*const *const c_char> {
        let mut entry = self.environment();
        loop {
            // SAFETY: the array ends with a null, and we stop there.
            let text = unsafe { *entry };
            if text.is_null() {
                return None;
            }
            // SAFETY: every entry before the null is a string that lives as long as the process.
            if unsafe { is_assignment(text, name) } {
                return Some(entry);
            }
            // SAFETY: this entry was not the null, so there is another one.
            entry = unsafe { entry.add(1) };
        }
    }
}

/// The text is `name=…`. It is not read beyond the first byte that differs: an environment may be long.
///
/// # Safety
/// `text` must be a terminated string.
unsafe fn is_assignment(text: *const c_char, name: &[u8]) -> bool {
    // SAFETY: whoever is asked for a byte knows that all before it were as in `name`: none was the terminating null.
    let byte = |at| unsafe { *text.add(at) as u8 };
    name.iter().enumerate().all(|(at, &wanted)| byte(at) == wanted) && byte(name.len()) == b'='
}

/// Makes `main: fn(Stack) -> i32` the entry point of a program without libc.
#[macro_export]
macro_rules! resident {
    ($main:path) => {
        #[cfg(target_arch = "x86_64")]
        core::arch::global_asm!(
            ".globl _start", "_start:", "xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {entry}", "ud2",
            entry = sym resident_entry,
        );
        #[cfg(target_arch = "aarch64")]
        core::arch::global_asm!(
            ".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "mov x0, sp", "and sp, x0, #-16",
            "bl {entry}", "brk #1",
            entry = sym resident_entry,
        );

        extern "C" fn resident_entry(top: *const usize) -> ! {
            // SAFETY: `_start` passes the stack pointer of process entry.
            let stack = unsafe { $crate::sys::start::Stack::new(top) };
            $crate::sys::exit($main(stack))
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            $crate::sys::abort()
        }

        // Debug builds of `core` refer to the unwinder; with panic = "abort" nothing ever calls it.
        #[unsafe(no_mangle)]
        extern "C" fn rust_eh_personality() {}
        #[unsafe(no_mangle)]
        extern "C" fn _Unwind_Resume() -> ! {
            $crate::sys::abort()
        }

        $crate::memory_functions!();
    };
}

/// The five functions that compiled code calls without being asked to.
#[doc(hidden)]
#[macro_export]
macro_rules! memory_functions {
    () => {
        // SAFETY (all five): callers keep C's contracts; volatile accesses keep the compiler from turning a loop into a
        // call of the very function it stands in.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
            // SAFETY: the caller gives `size` readable and writable bytes.
            unsafe { $crate::sys::memory::copy_forward(to, from, size) };
            to
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
            // SAFETY: the caller gives `size` readable and writable bytes; the direction spares what overlaps.
            unsafe {
                if (to as usize).wrapping_sub(from as usize) >= size {
                    $crate::sys::memory::copy_forward(to, from, size);
                } else {
                    $crate::sys::memory::copy_backward(to, from, size);
                }
            }
            to
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
            // SAFETY: the caller gives `size` writable bytes.
            unsafe { $crate::sys::memory::fill(to, byte as u8, size) };
            to
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
            // SAFETY: the caller gives `size` readable bytes on both sides.
            unsafe { $crate::sys::memory::compare(a, b, size) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
            // SAFETY: as memcmp.
            unsafe { $crate::sys::memory::compare(a, b, size) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn strlen(text: *const core::ffi::c_char) -> usize {
            // SAFETY: the caller gives a terminated string.
            unsafe { $crate::sys::memory::length(text.cast()) }
        }
    };
}
