//! Supervises that are alive but no children of ours: their end is read from pidfds.

use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::pidfd;
use crate::sys::proc;
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

    /// Follows a process, once; `watch` is told its pidfd. One that began at another time (clock ticks since boot) has the
    /// number of one that is gone.
    pub fn add(&mut self, pid: u32, birth: Option<u64>, watch: impl FnOnce(Descriptor) -> Result<()>) -> Result<()> {
        if self.0.iter().any(|&(known, _)| known == pid) {
            return Ok(());
        }
        let pidfd = pidfd::open(pid)?;
        if birth.is_none() || proc::birth_of(pid)? != birth {
            return Err(Errno::ESRCH);
        }
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
            Some((_, pidfd)) => pidfd::kill(**pidfd, signal),
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

    /// Whoever has only the number is not followed.
    #[test]
    fn reused_numbers() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let birth = proc::start_ticks(child.id());
        let mut followed = Followed::new();
        for wrong in [birth.map(|birth| birth - 1), None] {
            assert_eq!(followed.add(child.id(), wrong, |_| panic!("watched")), Err(Errno::ESRCH));
        }
        assert_eq!((followed.0.len(), followed.add(child.id(), birth, |_| Ok(()))), (0, Ok(())));
        assert_eq!((followed.0.len(), followed.add(child.id(), None, |_| panic!("watched"))), (1, Ok(())));
        child.kill().and_then(|()| child.wait().map(drop)).unwrap();
    }

    /// What is followed is hit by what holds it, whoever has the number.
    #[test]
    fn signals() {
        let [mut held, mut other] = [(); 2].map(|()| Command::new("sleep").arg("1000").spawn().unwrap());
        let mut followed = Followed::new();
        followed.0.push((other.id(), pidfd::open(held.id()).unwrap())).unwrap();
        followed.signal(other.id(), SIGTERM);
        assert_eq!(held.wait().unwrap().signal(), Some(SIGTERM.cast_signed()));
        assert!(other.try_wait().unwrap().is_none());
        followed.remove(other.id());
        followed.signal(other.id(), SIGTERM);
        assert_eq!(other.wait().unwrap().signal(), Some(SIGTERM.cast_signed()));
    }
}
