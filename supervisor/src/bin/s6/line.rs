//! The line that s6-svstat prints.

use crate::client::record::{Family, Record};
use crate::client::report::{Seen, group, signal_name};
use std::fmt::Write;
use supervisor::status::{LastExit, Want};
use supervisor::tai::Tai64n;

/// The line. `numbers`: of a signal its number, not its name.
pub fn line(seen: &Seen, numbers: bool) -> String {
    let (record, status) = (&seen.record, &seen.record.status);
    let up = record.is_running() && !record.is_down();
    let mut text = match status.last_exit.signal() {
        _ if up => format!("up (pid {} pgid {})", status.pid, group(record).unwrap_or(-1)),
        Some(signal) if numbers => format!("down (signal {signal})"),
        Some(signal) => format!("down (signal {})", signal_name(signal)),
        None if status.last_exit == LastExit::None => "down (not started yet)".into(),
        None => format!("down (exitcode {})", status.last_exit.code().unwrap_or(0)),
    };
    let _ = write!(text, " {} seconds", seen.seconds_since(status.changed));
    let wanted = status.want == Want::Up;
    let remarks = [
        (up && !seen.normally_up, ", normally down"),
        (!up && seen.normally_up, ", normally up"),
        (up && status.paused, ", paused"),
        (!up && wanted, ", want up"),
        (up && !wanted, ", want down"),
    ];
    text.extend(remarks.iter().filter(|(applies, _)| *applies).map(|(_, remark)| *remark));
    if let Some(since) = ready_since(record) {
        let _ = write!(text, ", ready {} seconds", seen.seconds_since(since));
    }
    text
}

/// Since when s6 calls a service ready: up and announced, or down with its finish done.
fn ready_since(record: &Record) -> Option<Tai64n> {
    let status = &record.status;
    match record.family {
        Family::S6 => status.ready.then_some(status.ready_since),
        _ if record.is_ready() => Some(status.ready_since),
        _ => (!record.is_running() && status.last_exit != LastExit::None).then_some(status.changed),
    }
}
