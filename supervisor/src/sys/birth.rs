//! When a process was born, by the clock.

use super::error::Result;
use super::{proc, time};

/// ns in a clock tick, of which Linux shows programs 100 in a second on all machines that we run on.
const TICK: u64 = 10_000_000;

/// Start time of a process, as [`proc::birth_of`] gives it, that was born after `before` (CLOCK_BOOTTIME, ns). Where that is
/// this very tick, the clock says so, and /proc, whose files cost more than all else that a start reads, is not asked.
pub fn birth_since(before: u64, pid: u32) -> Result<Option<u64>> {
    let ticks = before / TICK;
    if time::since_boot() / TICK == ticks { Ok(Some(ticks)) } else { proc::birth_of(pid) }
}

/// How long ago (ns) a process was born; `None`: there is none, or that cannot be told.
pub fn age_of(pid: u32) -> Option<u64> {
    proc::start_ticks(pid).map(|ticks| time::since_boot().saturating_sub(ticks.saturating_mul(TICK)))
}

#[cfg(test)]
mod tests {
    use super::super::proc::start_ticks;
    use super::super::process::own_pid;
    use super::*;
    use std::process::{Command, Stdio};

    /// The clock says of a process what /proc says; who was not born in this tick is looked up.
    #[test]
    fn births() {
        for _ in 0..100 {
            let before = time::since_boot();
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            assert_eq!(birth_since(before, child.id()), Ok(start_ticks(child.id())));
            drop(child.stdin.take());
            child.wait().unwrap();
        }
        let age = age_of(own_pid()).unwrap();
        assert!((0..time::since_boot()).contains(&age), "{age}");
        assert_eq!(age_of(u32::MAX), None);
        assert_eq!(birth_since(0, own_pid()), Ok(start_ticks(own_pid())));
        assert_ne!(start_ticks(own_pid()), Some(0));
    }
}
