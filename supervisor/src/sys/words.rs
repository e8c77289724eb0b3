//! Argument lists of any length for exec, made before a fork by whoever can allocate.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

use syscalls::{Sysno, syscall};

use super::error::Errno;

/// One entry of a list: a borrowed string, or its end.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Word<'a>(*const c_char, PhantomData<&'a CStr>);

impl<'a> Word<'a> {
    /// What a list ends with.
    pub const END: Self = Self(core::ptr::null(), PhantomData);

    /// A string.
    pub fn of(text: &'a CStr) -> Self {
        Self(text.as_ptr(), PhantomData)
    }

    fn ends(list: &[Word<'_>]) -> bool {
        list.last().is_some_and(|word| word.0.is_null())
    }
}

/// Becomes another program; returns only when that failed. Both lists must end with [`Word::END`].
pub fn exec_words(path: &CStr, arguments: &[Word<'_>], environment: &[Word<'_>]) -> Errno {
    if !Word::ends(arguments) || !Word::ends(environment) {
        return Errno::EINVAL;
    }
    // SAFETY: both arrays hold pointers to strings that outlive the call, and end with a null, as was just seen.
    let answer = unsafe { syscall!(Sysno::execve, path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    answer.map_or_else(Errno::from, |_| Errno::ENOEXEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list without its end would have the kernel read on; it is refused.
    #[test]
    fn lists_end() {
        let word = Word::of(c"true");
        assert_eq!(exec_words(c"/bin/true", &[word], &[Word::END]), Errno::EINVAL);
        assert_eq!(exec_words(c"/bin/true", &[word, Word::END], &[]), Errno::EINVAL);
        assert_eq!(exec_words(c"/no/such", &[word, Word::END], &[Word::END]), Errno::ENOENT);
    }
}
