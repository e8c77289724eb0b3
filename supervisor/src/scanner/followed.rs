//! Supervises that are alive but no children of ours: their end is read from pidfds.

use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::Result;
use crate::sys::process;
use crate::sys::table::Table;

/// The pidfds.
#[derive(Debug, Default)]
pub struct Followed(Table<(u32, Owned)>);

impl Followed {
    /// None.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    /// Follows a process, once; `watch` is told its pidfd.
    pub fn add(&mut self, pid: u32, watch: impl FnOnce(Descriptor) -> Result<()>) -> Result<()> {
        if self.0.iter().any(|&(known, _)| known == pid) {
            return Ok(());
        }
        let pidfd = process::pidfd_open(pid)?;
        watch(*pidfd)?;
        self.0.push((pid, pidfd))
    }

    /// It has ended.
    pub fn remove(&mut self, pid: u32) {
        if let Some(at) = self.0.iter().position(|&(known, _)| known == pid) {
            drop(self.0.swap_remove(at));
        }
    }
}
