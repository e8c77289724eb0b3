//! Waiting for work in the kernel that may hang, or take long: unmounting, giving up swap, syncing.
//!
//! Whoever looks on is told what is waited for and what is still to be written, and may wait no longer. What hangs is left
//! to its thread; the end of the system ends it.

use super::sight::Waited;
use super::{Patience, attend};
use crate::stop::Stop;
use crate::waiting::bounded::Task;
use std::fs;
use std::time::Duration;

/// How often a slow disk's progress is looked at.
pub const LOOK: Duration = Duration::from_secs(10);
/// Looks until even a disk that makes progress is left: 10 minutes.
const LOOKS: u32 = 60;
/// How long the kernel may take after a second `poweroff`: a disk is not as fast as a process.
const HURRIED: Duration = Duration::from_secs(5);

/// Does it. `None`: it is not done within the limit, or nobody wants to wait for it.
pub fn within<T: Send + 'static>(
    stop: &mut Stop,
    what: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    wait(stop, what, limit, None, &Task::start(work))
}

/// The same for what writes to disks: given up once nothing more reached any disk between two looks, after `limit` at the
/// earliest. In a container the figures are the host's, and say nothing.
pub fn while_writing<T: Send + 'static>(
    stop: &mut Stop,
    what: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if !stop.permit.first_namespace() {
        return within(stop, what, limit, work);
    }
    let mut progress = progress(limit);
    wait(stop, what, LOOK, Some(&mut progress), &Task::start(work))
}

/// Asked once a [`LOOK`]: whether the disks got anywhere within `limit`.
pub fn progress(limit: Duration) -> impl FnMut() -> bool {
    let mut progress = Progress::new(unwritten(), limit);
    move || progress.goes_on(unwritten())
}

fn wait<T: Send + 'static>(
    stop: &mut Stop,
    what: &str,
    time: Duration,
    again: Option<&mut dyn FnMut() -> bool>,
    task: &Task<T>,
) -> Option<T> {
    let Some(end) = task.descriptor() else { return task.result(time) };
    let who = |stop: &Stop| {
        let left =
            if stop.permit.first_namespace() { format!(", {} kB to be written", unwritten()) } else { String::new() };
        vec![Waited::service(format!("{what}{left}"), None)]
    };
    let patience = Patience { time, hurried: HURRIED, again };
    attend(stop, patience, who, |stop, time| stop.events.until_readable(end, time));
    task.result(Duration::ZERO)
}

/// Whether disks get anywhere.
#[derive(Debug)]
struct Progress {
    least: u64,
    idle: Duration,
    limit: Duration,
    looks: u32,
}

impl Progress {
    const fn new(unwritten: u64, limit: Duration) -> Self {
        Self { least: unwritten, idle: Duration::ZERO, limit, looks: LOOKS }
    }

    /// Another look: whether there is to be one more.
    fn goes_on(&mut self, unwritten: u64) -> bool {
        self.idle = if unwritten < self.least { Duration::ZERO } else { self.idle + LOOK };
        self.least = self.least.min(unwritten);
        self.looks -= 1;
        self.looks > 0 && self.idle < self.limit
    }
}

/// What the kernel has still to write, in kB.
fn unwritten() -> u64 {
    sum(&fs::read_to_string("/proc/meminfo").unwrap_or_default())
}

fn sum(table: &str) -> u64 {
    let keys = ["Dirty:", "Writeback:", "NFS_Unstable:"];
    let lines = table.lines().filter(|line| keys.iter().any(|key| line.starts_with(key)));
    lines.filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that count are added up.
    #[test]
    fn what_is_unwritten() {
        assert_eq!(sum("MemFree: 9 kB\nDirty:   12 kB\nWriteback:  30 kB\nWritebackTmp: 7 kB\n"), 42);
    }

    /// A disk that gets somewhere has time, one that does not has its limit, and none has time for ever.
    #[test]
    fn progress_buys_time() {
        let mut progress = Progress::new(1000, 3 * LOOK);
        let looks = [1000, 1000, 999, 999, 1500, 999].map(|unwritten| progress.goes_on(unwritten));
        assert_eq!(looks, [true, true, true, true, true, false]);
        let mut progress = Progress::new(1000, LOOK);
        assert_eq!((0..999).rev().take_while(|unwritten| progress.goes_on(*unwritten)).count(), LOOKS as usize - 1);
    }
}
