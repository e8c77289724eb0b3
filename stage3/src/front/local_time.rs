//! Times of day in local time, read from the zone as `tai64nlocal` reads it.

use super::when::When;
use std::time::{SystemTime, UNIX_EPOCH};

#[allow(dead_code)]
#[path = "../../../supervisor/src/bin/client/calendar.rs"]
mod calendar;
#[path = "../../../supervisor/src/bin/client/zone.rs"]
mod zone;
#[path = "../../../supervisor/src/bin/client/zone_rule.rs"]
mod zone_rule;

/// The moment, in seconds since the epoch.
pub fn seconds(when: When) -> u64 {
    let zone = zone::Zone::local();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = when.seconds(i64::try_from(now).unwrap_or(i64::MAX), |time| zone.offset(time).0);
    u64::try_from(seconds).unwrap_or(now)
}
