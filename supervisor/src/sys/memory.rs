//! Bodies of the memory functions of programs without libc.
//!
//! # Safety
//! Every function has C's contract: the pointers are valid for `size` bytes.

/// Copies upwards. # Safety: see the module.
#[allow(clippy::missing_safety_doc)]
pub unsafe fn copy_forward(to: *mut u8, from: *const u8, size: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `rep movsb` touches `size` bytes from both pointers, which the caller vouches for.
    unsafe {
        core::arch::asm!("rep movsb", inout("rcx") size => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for at in 0..size {
        // SAFETY: `at` is below `size`.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
}

/// Copies downwards, for overlapping areas. # Safety: see the module.
#[allow(clippy::missing_safety_doc)]
pub unsafe fn copy_backward(to: *mut u8, from: *const u8, size: usize) {
    for at in (0..size).rev() {
        // SAFETY: `at` is below `size`.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
}

/// Sets every byte. # Safety: see the module.
#[allow(clippy::missing_safety_doc)]
pub unsafe fn fill(to: *mut u8, byte: u8, size: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `rep stosb` touches `size` bytes from the pointer, which the caller vouches for.
    unsafe {
        core::arch::asm!("rep stosb", inout("rcx") size => _, inout("rdi") to => _, in("al") byte,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for at in 0..size {
        // SAFETY: `at` is below `size`.
        unsafe { to.add(at).write_volatile(byte) };
    }
}

/// The sign of the first difference. # Safety: see the module.
#[allow(clippy::missing_safety_doc)]
pub unsafe fn compare(a: *const u8, b: *const u8, size: usize) -> i32 {
    for at in 0..size {
        // SAFETY: `at` is below `size`.
        let (x, y) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
        if x != y {
            return i32::from(x) - i32::from(y);
        }
    }
    0
}

/// Bytes before the terminating zero. # Safety: `text` is terminated.
#[allow(clippy::missing_safety_doc)]
pub unsafe fn length(text: *const u8) -> usize {
    let mut size = 0;
    // SAFETY: we stop at the terminator.
    while unsafe { text.add(size).read_volatile() } != 0 {
        size += 1;
    }
    size
}
