//! Argument lists of any length for exec, made before the child by whoever can allocate.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

use syscalls::{Sysno, syscall};

use super::error::Errno;

/// One entry of a list: a borrowed string, or its end.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Word<'a>(*const c_char, PhantomData<&'a CStr>);

// SAFETY: it is a shared reference to a text that nobody changes.
unsafe impl Send for Word<'_> {}
// SAFETY: as above.
unsafe impl Sync for Word<'_> {}

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

/// Becomes another program; returns only when that failed. `path` and `arguments` are places in a text of zero-terminated
/// strings, so that whoever owns both can be moved; the last of `arguments` is the list's end, whatever it says. The
/// environment must end with [`Word::END`].
pub fn exec_places(text: &[u8], path: usize, arguments: &mut [usize], environment: &[Word<'_>]) -> Errno {
    let is_inside = |place: &usize| *place < text.len();
    let Some((end, places)) = arguments.split_last_mut() else { return Errno::EINVAL };
    if text.last() != Some(&0) || !is_inside(&path) || !places.iter().all(is_inside) || !Word::ends(environment) {
        return Errno::EINVAL;
    }
    let start = text.as_ptr().expose_provenance();
    places.iter_mut().for_each(|place| *place += start);
    *end = 0;
    // SAFETY: every pointer is into the text, where a zero comes behind it, and both lists end with a null.
    let answer = unsafe { syscall!(Sysno::execve, start + path, arguments.as_ptr(), environment.as_ptr()) };
    if let Some((_, places)) = arguments.split_last_mut() {
        places.iter_mut().for_each(|place| *place -= start);
    }
    answer.map_or_else(Errno::from, |_| Errno::ENOEXEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places outside the text, and a text without an end, are refused; a failed exec leaves the places as they were.
    #[test]
    fn places() {
        let text = b"/no/such\0word\0";
        let exec = |text: &[u8], path, arguments: &mut [usize]| exec_places(text, path, arguments, &[Word::END]);
        let mut arguments = [0, 9, 77];
        assert_eq!(exec(text, 0, &mut arguments), Errno::ENOENT);
        assert_eq!(arguments, [0, 9, 0]);
        assert_eq!(exec(text, text.len(), &mut arguments), Errno::EINVAL);
        assert_eq!(exec(text, 0, &mut [text.len(), 0]), Errno::EINVAL);
        assert_eq!(exec(&text[..12], 0, &mut arguments), Errno::EINVAL);
        assert_eq!(exec(text, 0, &mut []), Errno::EINVAL);
        assert_eq!(exec_places(text, 0, &mut arguments, &[]), Errno::EINVAL);
    }
}
