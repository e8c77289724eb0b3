//! An environment with a few more variables, for programs without an allocator.

use core::ffi::{CStr, c_char};
use core::ptr::null;

use super::error::Result;
use super::exec::Environment;
use super::table::Table;

/// The pointers of an environment, as exec takes them.
#[derive(Debug, Default)]
pub struct Extended(Table<*const c_char>);

impl Extended {
    /// No pages are taken yet.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    /// `base` and the variables `extra` (`NAME=value`), which must live as long as the answer is used; `base` has none of
    /// these names.
    pub fn fill(&mut self, base: Environment, extra: &[&CStr]) -> Result<Environment> {
        self.0.truncate(0);
        let mut entry = base.as_ptr();
        loop {
            // SAFETY: the environment is an array that ends with a null, and we stop there.
            let text = unsafe { *entry };
            if text.is_null() {
                break;
            }
            self.0.push(text)?;
            // SAFETY: this entry was not the null, so there is another one.
            entry = unsafe { entry.add(1) };
        }
        for text in extra {
            self.0.push(text.as_ptr())?;
        }
        self.0.push(null())?;
        Ok(Environment::of_array(self.0.as_ptr()))
    }
}
