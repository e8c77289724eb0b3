//! Becoming another program.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

use syscalls::{Sysno, syscall};

use super::error::Errno;
use super::start::Stack;
use super::text::Text;

/// Most arguments that [`Arguments`] holds.
const ARGUMENTS: usize = 15;

/// An argument list for exec.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    pointers: [*const c_char; ARGUMENTS + 1],
    count: usize,
    /// The process's own list, of any length, instead.
    own: Option<*const *const c_char>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Arguments<'a> {
    /// A list of these; more than 15 are cut.
    pub fn of(strings: &[&'a CStr]) -> Self {
        let mut list = Self { pointers: [core::ptr::null(); ARGUMENTS + 1], count: 0, own: None, strings: PhantomData };
        for string in strings {
            list.push(string);
        }
        list
    }

    /// What the process was started with.
    pub fn of_stack(stack: &Stack) -> Self {
        Self { own: Some(stack.arguments()), ..Self::of(&[]) }
    }

    /// A list made elsewhere, of pointers to terminated strings, the last one null; `None` when it is not.
    pub(super) fn of_list(pointers: &'a [*const c_char]) -> Option<Self> {
        let is_ended = pointers.last().is_some_and(|last| last.is_null());
        is_ended.then(|| Self { own: Some(pointers.as_ptr()), ..Self::of(&[]) })
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.own.unwrap_or(self.pointers.as_ptr())
    }

    /// Appends one; beyond 15 nothing happens.
    pub fn push(&mut self, string: &'a CStr) {
        if let Some(slot) = self.pointers.get_mut(self.count).filter(|_| self.count < ARGUMENTS) {
            *slot = string.as_ptr();
            self.count += 1;
        }
    }
}

/// The process's environment, as exec takes it.
#[derive(Clone, Copy, Debug)]
pub struct Environment(*const *const c_char);

impl Environment {
    /// What the process was started with.
    pub fn of(stack: &Stack) -> Self {
        Self(stack.environment())
    }

    /// An array of pointers that ends with a null.
    pub(super) const fn of_array(array: *const *const c_char) -> Self {
        Self(array)
    }

    /// The array.
    pub(super) const fn as_ptr(self) -> *const *const c_char {
        self.0
    }
}

/// Becomes another program; returns only when that failed.
#[inline(never)]
pub fn exec(path: &CStr, arguments: &Arguments<'_>, environment: Environment) -> Errno {
    // SAFETY: path and arguments are terminated strings borrowed for the call, the argument array ends with the null
    // that `push` never overwrites (the kernel's own does too), and the environment is the kernel's own array.
    let answer = unsafe { syscall!(Sysno::execve, path.as_ptr(), arguments.as_ptr(), environment.0) };
    answer.map_or_else(Errno::from, |_| Errno::ENOEXEC)
}

/// Becomes the program that PATH finds for `name`, as a shell would; returns only when that failed.
pub fn exec_in_path(name: &CStr, path: &[u8], arguments: &Arguments<'_>, environment: Environment) -> Errno {
    if name.to_bytes().contains(&b'/') {
        return exec(name, arguments, environment);
    }
    let mut answer = Errno::ENOENT;
    for directory in path.split(|&byte| byte == b':') {
        let mut candidate = Text::<512>::new();
        candidate.push(if directory.is_empty() { b"." } else { directory });
        candidate.push(b"/");
        candidate.push(name.to_bytes());
        let error = candidate.c_str().map_or(Errno::ENAMETOOLONG, |file| exec(file, arguments, environment));
        if error != Errno::ENOENT && error != Errno::ENOTDIR && answer != Errno::EACCES {
            answer = error;
        }
    }
    answer
}
