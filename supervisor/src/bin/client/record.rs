//! A status record, whoever wrote it: daemontools (18 bytes), runit (20), s6 (35, later 43) or we (64).
//!
//! Only what a family's record says is filled in; nothing is guessed. Times are as daemontools labels them, whoever wrote them.

use std::io;
use std::path::Path;
use supervisor::paths::service;
use supervisor::status::{LastExit, Phase, SIZE_DAEMONTOOLS, SIZE_RUNIT, Status, Want};
use supervisor::tai::Tai64n;

/// Whose record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// daemontools: no phases, no readiness.
    Daemontools,
    /// runit: phases, no readiness.
    Runit,
    /// s6.
    S6,
    /// sunup.
    Sunup,
}

/// The record as far as its family goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who wrote it.
    pub family: Family,
    /// Its content; what the family does not record is as in [`Status::NEW`].
    pub status: Status,
}

impl Record {
    /// The record of a service directory; `Ok(None)` when it is of no known family.
    pub fn of(directory: &Path) -> io::Result<Option<Self>> {
        std::fs::read(directory.join(service::STATUS)).map(|bytes| Self::read(&bytes))
    }

    /// Reads a record; `None` when it is of no family.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if let Some(status) = Status::unpack(bytes) {
            return Some(Self { family: Family::Sunup, status });
        }
        match bytes.len() {
            35 => Some(Self { family: Family::S6, status: s6(bytes, 32)? }),
            43 => Some(Self { family: Family::S6, status: s6(bytes, 40)? }),
            SIZE_RUNIT => {
                let phase = [Phase::Down, Phase::Run, Phase::Finish].get(usize::from(bytes[19]));
                let status = Status { got_term: bytes[18] != 0, phase: *phase?, ..daemontools(bytes)? };
                Some(Self { family: Family::Runit, status })
            }
            size if size >= SIZE_DAEMONTOOLS => Some(Self { family: Family::Daemontools, status: daemontools(bytes)? }),
            _ => None,
        }
    }

    /// True when the family records readiness.
    pub fn knows_readiness(&self) -> bool {
        matches!(self.family, Family::S6 | Family::Sunup)
    }

    /// True while the service's own process runs, as daemontools understands it: there is a pid.
    pub fn is_running(&self) -> bool {
        self.status.pid != 0
    }

    /// True when `run` itself runs (its exec included where the family says so).
    pub fn is_up(&self) -> bool {
        self.is_running() && self.status.phase == Phase::Run
    }

    /// True when the service is up and has said that it is ready.
    pub fn is_ready(&self) -> bool {
        self.is_up() && self.status.ready
    }

    /// True when `run` has ended; `finish` may still run.
    pub fn is_down(&self) -> bool {
        match self.status.phase {
            Phase::Down => !self.is_running(),
            Phase::Run => false,
            Phase::Finish => true,
        }
    }
}

/// The first 18 bytes, common to daemontools, runit and us.
fn daemontools(bytes: &[u8]) -> Option<Status> {
    let pid = u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?);
    Some(Status {
        changed: Tai64n(bytes.get(0..12)?.try_into().ok()?),
        pid,
        paused: *bytes.get(16)? != 0,
        want: match *bytes.get(17)? {
            b'u' => Want::Up,
            b'd' => Want::Down,
            _ => Want::Once,
        },
        phase: if pid == 0 { Phase::Down } else { Phase::Run },
        ..Status::NEW
    })
}

/// An s6 record, in which the wait status stands at `at` and the flags after it.
fn s6(bytes: &[u8], at: usize) -> Option<Status> {
    let pid = u64::from_be_bytes(bytes.get(24..32)?.try_into().ok()?);
    let wait_status = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
    let flags = *bytes.get(at + 2)?;
    let finishing = flags & 2 != 0;
    Some(Status {
        changed: Tai64n(bytes.get(0..12)?.try_into().ok()?).without_leap_seconds(),
        ready_since: Tai64n(bytes.get(12..24)?.try_into().ok()?).without_leap_seconds(),
        pid: u32::try_from(pid).ok()?,
        paused: flags & 1 != 0,
        want: if flags & 4 != 0 { Want::Up } else { Want::Down },
        phase: match (pid, finishing) {
            (0, _) => Phase::Down,
            (_, true) => Phase::Finish,
            (_, false) => Phase::Run,
        },
        ready: flags & 8 != 0,
        last_exit: if pid == 0 || finishing { LastExit::Status(wait_status) } else { LastExit::None },
        ..Status::NEW
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each family's record is recognised by its length or magic and gives its pid, phase and wishes.
    #[test]
    fn families() {
        let mut bytes = Status { pid: 7, phase: Phase::Run, want: Want::Down, ..Status::NEW }.pack();
        assert_eq!(Record::read(&bytes).map(|r| (r.family, r.status.pid)), Some((Family::Sunup, 7)));
        let runit = Record::read(&bytes[..20]).unwrap();
        assert_eq!((runit.family, runit.status.phase, runit.status.want), (Family::Runit, Phase::Run, Want::Down));
        let daemontools = Record::read(&bytes[..18]).unwrap();
        assert_eq!((daemontools.family, daemontools.is_up()), (Family::Daemontools, true));
        assert_eq!(Record::read(&bytes[..17]), None);
        bytes[19] = 9;
        assert_eq!(Record::read(&bytes[..20]), None);
    }

    /// Both s6 layouts: wait status and flags where each has them.
    #[test]
    fn s6_records() {
        let mut old = [0u8; 35];
        old[31] = 9;
        old[34] = 4 | 8;
        let record = Record::read(&old).unwrap();
        assert_eq!((record.family, record.status.pid, record.is_ready()), (Family::S6, 9, true));
        assert_eq!(record.status.want, Want::Up);
        let mut new = [0u8; 43];
        new[40..42].copy_from_slice(&0x0300u16.to_be_bytes());
        new[42] = 1;
        let record = Record::read(&new).unwrap();
        assert!(record.is_down() && record.status.paused);
        assert_eq!(record.status.last_exit.code(), Some(3));
    }

    /// While finish runs the service is down but not finished; before exec it is neither up nor down.
    #[test]
    fn phases() {
        let record = |phase, pid| Record { family: Family::Sunup, status: Status { phase, pid, ..Status::NEW } };
        let finish = record(Phase::Finish, 5);
        assert!(finish.is_down() && finish.is_running() && !finish.is_up());
        let before_exec = record(Phase::Down, 5);
        assert!(!before_exec.is_down() && !before_exec.is_up());
    }
}
