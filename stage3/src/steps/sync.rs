//! Step 8: what is still in memory goes to the disks, within a bound: one dead disk must not keep the machine up.

use crate::stop::Stop;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long the disks may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How long they may take after a second `poweroff`, or when nothing else is waited for.
pub const HURRIED: Duration = Duration::from_secs(5);

/// Syncs.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let limit = if stop.events.hurried() { HURRIED } else { LIMIT };
    if within(limit, nix::unistd::sync) { Ok(()) } else { Err(format!("not done after {} s", limit.as_secs())) }
}

/// Does something that may block for ever in a thread. False: it is not done within the limit, or no thread could start.
pub fn within(limit: Duration, work: impl FnOnce() + Send + 'static) -> bool {
    let (done, wait) = mpsc::channel();
    let thread = thread::Builder::new().spawn(move || {
        work();
        let _ = done.send(());
    });
    thread.is_ok() && wait.recv_timeout(limit).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done in time is told from what is not.
    #[test]
    fn bounds() {
        assert!(within(Duration::from_secs(60), || ()));
        let (_keep, never) = mpsc::channel::<()>();
        assert!(!within(Duration::from_millis(10), move || {
            let _ = never.recv();
        }));
    }
}
