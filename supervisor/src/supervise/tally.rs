//! `supervise/death_tally`, as s6 keeps it: the last unasked ends of the service, oldest first, 14 bytes each.

use crate::c_path;
use crate::paths::service;
use crate::status::LastExit;
use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, O_APPEND, O_CREAT, O_NONBLOCK, O_RDWR, O_TRUNC, O_WRONLY};
use crate::tai::Tai64n;

use super::files::Files;
use super::settings::MaxDeaths;

/// Bytes of a record: a label of 12, the exit code, the signal.
const RECORD: u64 = 14;
/// How many are kept unless the directory says otherwise.
const KEPT: u64 = 100;
/// More are not kept.
const MOST: u64 = 4096;

/// `max-deaths`, if the directory has it.
pub fn limit(files: &Files) -> Option<MaxDeaths> {
    MaxDeaths::parse(files.line(c_path!(service::MAX_DEATHS))?.bytes())
}

/// One death more, now, would be the last that the limit allows.
pub fn is_last(directory: Descriptor, limit: MaxDeaths, now: Tai64n) -> bool {
    let before = u64::from(limit.count) - 1;
    before == 0
        || oldest_of(directory, before)
            .is_ok_and(|oldest| oldest.is_some_and(|oldest| now.since(oldest) <= limit.within))
}

/// When the first of the last `count` deaths was; `None` when there were fewer.
fn oldest_of(directory: Descriptor, count: u64) -> Result<Option<Tai64n>> {
    let tally = files::open_at(directory, c_path!(service::DEATH_TALLY), O_RDWR | O_NONBLOCK, 0)?;
    let mut label = [0; 12];
    let Some(at) = tally.seek_end()?.checked_sub(count.saturating_mul(RECORD)) else { return Ok(None) };
    let size = tally.read_at(&mut label, at)?;
    Ok((size == label.len()).then_some(Tai64n(label)))
}

/// Appends a record, and drops the oldest ones that are more than are kept.
pub fn record(directory: Descriptor, files: &Files, exit: LastExit, now: Tai64n) -> Result<()> {
    let mut record = [0; RECORD as usize];
    let (label, end) = record.split_at_mut(now.0.len());
    label.copy_from_slice(&now.0);
    // What ended unseen counts as a failure.
    let code = if exit == LastExit::Unknown { 111 } else { exit.code().unwrap_or(0) };
    end.copy_from_slice(&[code, exit.signal().unwrap_or(0) as u8]);
    let flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK;
    let tally = files::open_at(directory, c_path!(service::DEATH_TALLY), flags, 0o644)?;
    if tally.write(&record)? != record.len() {
        return Err(Errno::ENOSPC);
    }
    let asked = files.number(c_path!(service::MAX_DEATH_TALLY)).unwrap_or(KEPT);
    let needed = limit(files).map_or(0, |limit| u64::from(limit.count));
    let kept = asked.max(needed).min(MOST) * RECORD;
    let size = tally.seek_end()?;
    if size > kept { shorten(directory, &tally, size - kept) } else { Ok(()) }
}

/// Drops the first bytes.
fn shorten(directory: Descriptor, tally: &Owned, excess: u64) -> Result<()> {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK;
    let new = files::open_at(directory, c_path!(service::DEATH_TALLY_NEW), flags, 0o644)?;
    let mut at = excess;
    let mut block = [0; 512];
    loop {
        let size = tally.read_at(&mut block, at)?;
        if size == 0 {
            break;
        }
        new.write_all(block.get(..size).unwrap_or_default())?;
        at += size as u64;
    }
    files::rename_at(directory, c_path!(service::DEATH_TALLY_NEW), c_path!(service::DEATH_TALLY))
}

/// Forgets all.
pub fn clear(directory: Descriptor) -> Result<()> {
    match files::remove_at(directory, c_path!(service::DEATH_TALLY)) {
        Err(Errno::ENOENT) => Ok(()),
        other => other,
    }
}
