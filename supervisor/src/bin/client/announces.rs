//! Whether a service says itself when it is ready.

use std::path::Path;
use supervisor::paths::service;

/// True when the service directory asks for one of the ways in which supervise learns of readiness. Of a service without,
/// nobody but its asker (an engine that probes a port, say) knows.
pub fn announces_readiness(directory: &Path) -> bool {
    let ways = [service::NOTIFICATION_FD, service::NOTIFY, service::CHECK_EVERY];
    ways.iter().any(|way| directory.join(way).exists())
}
