//! Processors: how many there are, and how much of them somebody has used.

use std::fs;
use std::thread;

use nix::unistd::{SysconfVar, sysconf};

use crate::engine::event::Nanoseconds;

/// As many as this process may use: those of its affinity, and no more than its control group has time for.
pub fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What a process that has not ended, and the descendants that it has waited for, have used so far.
pub fn used(pid: u32) -> Option<Nanoseconds> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name: the state, then from the 12th on what it used itself and what its children did, in ticks.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').skip(11).take(4).map_while(|field| field.parse::<u64>().ok()).sum();
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().and_then(|ticks| u64::try_from(ticks).ok())?;
    Some(ticks.saturating_mul(1_000_000_000) / per_second.max(1))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Who counts for a while has used that, as far as nobody else wanted the processor.
    #[test]
    fn uses() {
        let before = used(std::process::id()).unwrap();
        let begin = Instant::now();
        let is_told = || used(std::process::id()).unwrap() >= before + 50_000_000;
        while !is_told() {
            assert!(begin.elapsed() < Duration::from_secs(60), "nothing is counted");
        }
        assert!(begin.elapsed() >= Duration::from_millis(10));
        assert_eq!(used(0), None);
        assert!(count() >= 1);
    }
}
