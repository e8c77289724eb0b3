//! `.svscan/status`: who scans the directory, and what it was told that must outlive it.
//!
//! A process keeps its pid and start time through exec, so an svscan that finds itself in the record knows that it was
//! re-executed. The boot's id keeps a record on a disk from being mistaken for this boot's.

use crate::c_path;
use crate::paths::scan;
use crate::sys::descriptor::HERE;
use crate::sys::error::Result;
use crate::sys::files::{self, O_CREAT, O_NONBLOCK, O_WRONLY};
use crate::sys::proc;
use crate::sys::process;

/// Bytes of the record: magic 4, pid 4, start time 8, limits 16, flags 1, zero 1, generation 2, boot id 36.
const SIZE: usize = 72;
/// Magic and version.
const MAGIC: [u8; 4] = *b"svs\x01";
/// Bytes of the kernel's boot id.
const BOOT_ID: usize = 36;

/// The record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pid: u32,
    /// Start time in clock ticks.
    ticks: u64,
    boot: [u8; BOOT_ID],
    /// Soft and hard limit of descriptors for children.
    pub limits: (u64, u64),
    /// The FIFO on standard error is held.
    pub holds: bool,
    /// Pipe ends are closed and stay so.
    pub closed: bool,
    /// Nothing is started any more.
    pub ending: bool,
    /// How often we have been executed again, after a crash or when told to; from 65535 on it stays.
    pub generation: u16,
}

/// What the record says of whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// There is none, or it is from another boot.
    Nobody,
    /// Another svscan, which is dead since its lock can be had; its supervises may be alive.
    Predecessor,
    /// We, before we were executed again.
    Ourselves,
}

impl Record {
    /// Ours, as a program that begins. `None` without /proc.
    #[cold]
    #[inline(never)]
    pub fn ours() -> Option<Self> {
        let pid = process::own_pid();
        let mut boot = [0; BOOT_ID];
        files::read_at(HERE, c"/proc/sys/kernel/random/boot_id", &mut boot).ok()?;
        let ticks = proc::start_ticks(pid)?;
        Some(Self { pid, ticks, boot, limits: (0, 0), holds: false, closed: false, ending: false, generation: 0 })
    }

    /// The same with the limits of children.
    pub const fn with_limits(mut self, limits: (u64, u64)) -> Self {
        self.limits = limits;
        self
    }

    /// The same in our next life.
    pub const fn again(mut self) -> Self {
        self.generation = self.generation.saturating_add(1);
        self
    }

    /// The one in the working directory.
    #[cold]
    #[inline(never)]
    pub fn read() -> Option<Self> {
        let mut buffer = [0; SIZE];
        Self::unpack(files::read_at(HERE, c_path!(scan::STATUS), &mut buffer).ok()?)
    }

    /// Writes it; one write, so that it is never half there.
    pub fn write(&self) -> Result<()> {
        files::open(c_path!(scan::STATUS), O_WRONLY | O_CREAT | O_NONBLOCK, 0o644)?.write(&self.pack()).map(drop)
    }

    /// Who wrote `self`, seen from `own`.
    pub fn writer(&self, own: &Self) -> Writer {
        if self.boot != own.boot {
            Writer::Nobody
        } else if (self.pid, self.ticks) == (own.pid, own.ticks) {
            Writer::Ourselves
        } else {
            Writer::Predecessor
        }
    }

    fn pack(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.pid.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ticks.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.limits.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.limits.1.to_le_bytes());
        bytes[32] = u8::from(self.holds) | u8::from(self.closed) << 1 | u8::from(self.ending) << 2;
        bytes[34..36].copy_from_slice(&self.generation.to_le_bytes());
        bytes[36..].copy_from_slice(&self.boot);
        bytes
    }

    fn unpack(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; SIZE] = bytes.try_into().ok()?;
        let number = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        (bytes[..4] == MAGIC).then_some(())?;
        Some(Self {
            pid: u32::from_le_bytes(bytes[4..8].try_into().ok()?),
            ticks: number(8)?,
            boot: bytes[36..].try_into().ok()?,
            limits: (number(16)?, number(24)?),
            holds: bytes[32] & 1 != 0,
            closed: bytes[32] & 2 != 0,
            ending: bytes[32] & 4 != 0,
            generation: u16::from_le_bytes(bytes[34..36].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record survives packing, and tells its writer from others.
    #[test]
    fn round_trip() {
        let own = Record::ours().unwrap();
        let record = Record { limits: (7, 9), closed: true, generation: 300, ..own };
        let read = Record::unpack(&record.pack()).unwrap();
        assert_eq!(read, record);
        assert_eq!(read.again().generation, 301);
        assert_eq!(read.writer(&own), Writer::Ourselves);
        assert_eq!(Record { ticks: 1, ..read }.writer(&own), Writer::Predecessor);
        assert_eq!(Record { boot: [0; BOOT_ID], ..read }.writer(&own), Writer::Nobody);
        assert_eq!(Record::unpack(&record.pack()[1..]), None);
        assert_eq!(Record::unpack(&[0; SIZE]), None);
    }
}
