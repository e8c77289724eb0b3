//! `supervise/ended`: how a process ended that was reaped by somebody who is not its supervise.
//!
//! A supervise that took a running service over is not its parent, so the kernel tells it that the process ended, but not
//! how. svscan, to whom the orphan fell, writes it here and then writes [`crate::control::supervise::REAPED`] into
//! `supervise/control`. The reader takes the file only for the process that it followed, and removes it.

/// Bytes of the file: start time in ticks 8, pid 4, wait status 2, zeros 2.
pub const SIZE: usize = 16;

/// The end of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its start time in clock ticks since boot, as in the status record.
    pub start_ticks: u64,
    /// Its pid.
    pub pid: u32,
    /// Its wait status, as waitpid gives it.
    pub status: u16,
}

impl Orphan {
    /// The bytes of the file.
    pub fn pack(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..8].copy_from_slice(&self.start_ticks.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.pid.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.status.to_le_bytes());
        bytes
    }

    /// Reads them; `None` when they are too few.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; SIZE] = bytes.get(..SIZE)?.try_into().ok()?;
        Some(Self {
            start_ticks: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            pid: u32::from_le_bytes(bytes[8..12].try_into().ok()?),
            status: u16::from_le_bytes(bytes[12..14].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte is where the format says, and comes back from there.
    #[test]
    fn golden_bytes() {
        let orphan = Orphan { start_ticks: 0x0102, pid: 0x0304_0506, status: 0x0700 };
        let bytes = [2, 1, 0, 0, 0, 0, 0, 0, 6, 5, 4, 3, 0, 7, 0, 0];
        assert_eq!(orphan.pack(), bytes);
        assert_eq!(Orphan::unpack(&bytes), Some(orphan));
        assert_eq!(Orphan::unpack(&bytes[1..]), None);
    }
}
