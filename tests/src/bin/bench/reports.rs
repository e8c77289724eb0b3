//! The records that sleepers write into a pipe of ours as they start. Every read has a deadline.

use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};

use crate::Outcome;

/// Bytes of a record.
const RECORD: usize = 16;
/// Longer than the slowest contestant takes for anything on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// One start of a sleeper.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// CLOCK_MONOTONIC at its first instruction, ns.
    pub at: u64,
    /// Its pid.
    pub pid: u32,
}

/// The reading end.
#[derive(Debug)]
pub struct Reports {
    pipe: PipeReader,
}

/// CLOCK_MONOTONIC, ns.
pub fn now() -> Outcome<u64> {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(u64::try_from(time.tv_sec())? * 1_000_000_000 + u64::try_from(time.tv_nsec())?)
}

/// The ms from one moment to another, both in ns.
pub fn milliseconds(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}

impl Reports {
    /// A pipe; the writing end is for whoever starts sleepers.
    pub fn new() -> Outcome<(Self, PipeWriter)> {
        let (pipe, writer) = std::io::pipe()?;
        Ok((Self { pipe }, writer))
    }

    /// The next starts.
    pub fn starts(&mut self, count: usize) -> Outcome<Vec<Start>> {
        let deadline = Instant::now() + DEADLINE;
        (0..count).map(|_| self.start(deadline)).collect()
    }

    fn start(&mut self, deadline: Instant) -> Outcome<Start> {
        let mut record = [0; RECORD];
        self.wait(deadline)?;
        // A record is one write, shorter than what a pipe keeps whole.
        self.pipe.read_exact(&mut record)?;
        let record = u128::from_le_bytes(record);
        Ok(Start { at: record as u64, pid: (record >> 64) as u32 })
    }

    /// Waits until nobody has the writing end any more: every process of the tree is gone.
    pub fn wait_for_end(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + DEADLINE;
        let mut rest = [0; 4096];
        loop {
            self.wait(deadline)?;
            if self.pipe.read(&mut rest)? == 0 {
                return Ok(());
            }
        }
    }

    fn wait(&self, deadline: Instant) -> Outcome<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut entries = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut entries, PollTimeout::try_from(left)?)? {
            0 => Err("nothing happened for a minute".into()),
            _ => Ok(()),
        }
    }
}
