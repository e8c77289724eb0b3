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

    /// Sends a signal to a supervise, followed or a child: in neither case can its number be another's by now.
    pub fn signal(&self, pid: u32, signal: u32) {
        let held = self.0.iter().find(|&&(known, _)| known == pid);
        let _ = match held {
            Some((_, pidfd)) => process::kill_held(**pidfd, signal),
            None => process::kill(pid, signal),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::signal::SIGTERM;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    /// What is followed is hit by what holds it, whoever has the number.
    #[test]
    fn signals() {
        let [mut held, mut other] = [(); 2].map(|()| Command::new("sleep").arg("1000").spawn().unwrap());
        let mut followed = Followed::new();
        followed.0.push((other.id(), process::pidfd_open(held.id()).unwrap())).unwrap();
        followed.signal(other.id(), SIGTERM);
        assert_eq!(held.wait().unwrap().signal(), Some(SIGTERM.cast_signed()));
        assert!(other.try_wait().unwrap().is_none());
        followed.remove(other.id());
        followed.signal(other.id(), SIGTERM);
        assert_eq!(other.wait().unwrap().signal(), Some(SIGTERM.cast_signed()));
    }
}
