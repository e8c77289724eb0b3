//! The arguments of supervise: directories, and what svscan and the wrapper say before them.

use core::ffi::CStr;

use crate::sys::descriptor::{Owned, set_close_on_exec_from};
use crate::sys::start::Stack;
use crate::sys::text::parse_number;

use super::service::Inherited;

/// The first argument, before any directory, by which the wrapper says that the machine stops.
pub const DRAIN: &CStr = c"--drain";
/// The first argument by which svscan says that it has put several services together.
pub const GROUP: &CStr = c"--group";

/// What the first argument says.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    stack: &'a Stack,
    at: usize,
    /// Its services are loggers that read what is left, once.
    pub drains: bool,
    /// svscan starts a supervise for several services.
    pub is_group: bool,
}

impl<'a> Arguments<'a> {
    /// Reads the first one.
    pub fn of(stack: &'a Stack) -> Self {
        let first = stack.argument(1).filter(|_| stack.len() > 2);
        let (drains, is_group) = (first == Some(DRAIN), first == Some(GROUP));
        if is_group {
            // What svscan hands down is for the services that it names.
            let _ = set_close_on_exec_from(3);
        }
        Self { stack, at: 1 + usize::from(drains || is_group), drains, is_group }
    }

    /// The next directory and the descriptors named before it.
    pub fn next_directory(&mut self) -> Option<(&'static CStr, Inherited)> {
        let mut inherited = Inherited::default();
        loop {
            let argument = self.stack.argument(self.at)?;
            self.at += 1;
            let named = |name: &[u8]| {
                let number = parse_number(argument.to_bytes().strip_prefix(name)?).filter(|_| self.is_group)?;
                i32::try_from(number).ok().filter(|&number| number > 2).map(Owned::adopt)
            };
            if let Some(input) = named(b"--input=") {
                inherited.input = Some(input);
            } else if let Some(output) = named(b"--output=") {
                inherited.output = Some(output);
            } else {
                return Some((argument, inherited));
            }
        }
    }
}
