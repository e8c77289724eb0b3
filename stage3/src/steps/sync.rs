//! Step 8: what is still in memory goes to the disks, within a bound: one dead disk must not keep the machine up.

use crate::cockpit::work;
use crate::stop::Stop;
use std::time::Duration;

/// How long the disks may take without any progress.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Syncs.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    work::while_writing(stop, "the disks", LIMIT, nix::unistd::sync).ok_or_else(|| "the disks take no more".into())
}
