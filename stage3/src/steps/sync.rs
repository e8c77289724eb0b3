//! Step 8: what is still in memory goes to the disks, within a bound: one dead disk must not keep the machine up.

use crate::bounded::{while_writing, within};
use crate::stop::Stop;
use std::time::Duration;

/// How long the disks may take without any progress.
pub const LIMIT: Duration = Duration::from_secs(30);
/// How long they may take after a second `poweroff`.
const HURRIED: Duration = Duration::from_secs(5);

/// Syncs.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let hurried = stop.events.hurried();
    // In a container the figures of progress are the host's.
    let done = match stop.permit.first_namespace() {
        true if !hurried => while_writing(LIMIT, &stop.watchdog, nix::unistd::sync),
        _ => within(if hurried { HURRIED } else { LIMIT }, nix::unistd::sync),
    };
    done.ok_or_else(|| "the disks take no more".into())
}
