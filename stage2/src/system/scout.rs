//! A process that finds something out where that may take for ever: whoever looks at a file server that does not answer
//! sleeps in the kernel, and nobody else is to wait for it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;
use serde::Serialize;
use serde::de::DeserializeOwned;
use supervisor::sys::close::close_all_but;
use supervisor::sys::descriptor::Owned;
use supervisor::sys::exit;
use supervisor::sys::pidfd;
use supervisor::sys::process::{Fork, die_with_parent, fork, kill};
use supervisor::sys::signal::SIGKILL;

/// The process. Dropping it ends it. Whoever reaps children reaps it.
#[derive(Debug)]
pub struct Scout<T> {
    process: Owned,
    report: File,
    finding: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Scout<T> {
    /// Sends one that finds something out. The process must have a single thread.
    pub fn send(find_out: impl FnOnce() -> T) -> io::Result<Self> {
        let unable = |error: supervisor::sys::error::Errno| io::Error::from_raw_os_error(error.into());
        let (report, told) = pipe2(OFlag::O_CLOEXEC)?;
        match fork().map_err(unable)? {
            Fork::Child => {
                let _ = die_with_parent(SIGKILL);
                // What it held of ours would outlive us.
                if close_all_but(&[told.as_raw_fd().unsigned_abs()]).is_ok() {
                    let text = serde_json::to_vec(&find_out()).unwrap_or_default();
                    let _ = File::from(told).write_all(&text);
                }
                exit(0)
            }
            Fork::Parent(pid) => {
                // One that nobody holds would go on unseen. Until it is reaped, its number is its own.
                let process = pidfd::open(pid).or_else(|error| kill(pid, SIGKILL).and(Err(error))).map_err(unable)?;
                Ok(Self { process, report: report.into(), finding: PhantomData })
            }
        }
    }

    /// It has found out, or will not any more.
    pub fn is_back(&self) -> bool {
        self.is_back_within(PollTimeout::ZERO)
    }

    /// What it finds out within so many ms; nothing if it takes longer, and it is given up.
    pub fn within(self, milliseconds: u16) -> Option<T> {
        if self.is_back_within(milliseconds.into()) { self.report() } else { None }
    }

    fn is_back_within(&self, patience: PollTimeout) -> bool {
        poll(&mut [PollFd::new(self.report.as_fd(), PollFlags::POLLIN)], patience) != Ok(0)
    }

    /// What it has found out; nothing if it ended before. To be asked once it [is back](Self::is_back).
    pub fn report(mut self) -> Option<T> {
        let mut text = Vec::new();
        let _ = self.report.read_to_end(&mut text);
        serde_json::from_slice(&text).ok()
    }
}

impl<T> AsFd for Scout<T> {
    /// Becomes readable when it is back.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.report.as_fd()
    }
}

impl<T> Drop for Scout<T> {
    fn drop(&mut self) {
        let _ = pidfd::kill(*self.process, SIGKILL);
    }
}
