//! A `main` for std programs that must start whatever they are handed.
//!
//! Before an ordinary `main`, std opens /dev/null for each of the descriptors 0 to 2 that is closed, and aborts where
//! that cannot be. A kernel that finds no /dev/console starts process 1 with all three closed, and then /dev/null is
//! missing as well: process 1 would die before its first line.

/// Makes `main: fn() -> i32` the C library's `main`, so that nothing of std's runs before it. SIGPIPE keeps its default, and
/// descriptors 0 to 2 may be closed.
#[macro_export]
macro_rules! bare_main {
    ($main:path) => {
        /// What the C library calls.
        // It is the one `main` of the program; the C library passes arguments that std has collected by itself.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        extern "C" fn main(_: core::ffi::c_int, _: *const *const core::ffi::c_char) -> core::ffi::c_int {
            $main()
        }
    };
}
