//! A process that looks at what a unit needs before it begins, where a glance does not tell: the file server may not answer,
//! and nobody else is to wait for it. The unit's own deadline is the scout's.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::fcntl::OFlag;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::unistd::pipe2;
use supervisor::sys::close::close_all_but;
use supervisor::sys::descriptor::Owned;
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, die_with_parent, fork, kill_held, pidfd_open};
use supervisor::sys::signal::SIGKILL;
use units::Unit;

use super::verdict::Verdict;
use super::{Executor, TOKEN_SCOUTS};
use crate::engine::event::UnitIndex;
use crate::system::look::gaze;

/// The process. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Scout {
    process: Owned,
    report: File,
}

impl Scout {
    /// Sends one that finds something out.
    fn send(find_out: impl FnOnce() -> Option<Verdict>) -> io::Result<Self> {
        let unable = |error: supervisor::sys::error::Errno| io::Error::from_raw_os_error(i32::from(error.0));
        let (report, told) = pipe2(OFlag::O_CLOEXEC)?;
        match fork().map_err(unable)? {
            Fork::Child => {
                let _ = die_with_parent(SIGKILL);
                // What it held of ours would outlive us.
                let is_alone = close_all_but(&[told.as_raw_fd().unsigned_abs()]).is_ok();
                let text = find_out().filter(|_| is_alone).and_then(|verdict| serde_json::to_vec(&verdict).ok());
                let _ = File::from(told).write_all(&text.unwrap_or_default());
                exit(0)
            }
            Fork::Parent(pid) => Ok(Self { process: pidfd_open(pid).map_err(unable)?, report: report.into() }),
        }
    }

    /// What it has found out, once there is something to be read.
    fn verdict(mut self) -> Verdict {
        let mut text = Vec::new();
        let _ = self.report.read_to_end(&mut text);
        serde_json::from_slice(&text).unwrap_or_else(|_| Verdict::Fail("unable to look at its files".into()))
    }
}

impl AsFd for Scout {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.report.as_fd()
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        let _ = kill_held(*self.process, SIGKILL);
    }
}

impl Executor {
    /// Has a unit's needs looked at. A verdict only where nobody can be sent.
    pub(super) fn send_scout(&mut self, unit: UnitIndex, text: &Unit) -> Option<Verdict> {
        let surroundings = &self.surroundings;
        let sent = Scout::send(|| Verdict::of(surroundings, text, gaze)).and_then(|scout| {
            self.epoll.add(&scout, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_SCOUTS + unit as u64))?;
            self.scouts.insert(unit, scout);
            Ok(())
        });
        sent.err().map(|error| Verdict::Fail(format!("unable to look at its files: {error}")))
    }

    /// A scout has come back.
    pub(super) fn on_scout(&mut self, unit: UnitIndex) {
        if let Some(scout) = self.scouts.remove(&unit) {
            self.begin_if(unit, scout.verdict());
        }
    }
}
