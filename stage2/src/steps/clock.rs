//! `clock`, `clock-save`: the time from the hardware clock, and never one before the last that we have known: machines
//! without a battery would start in 1970, and every certificate with them.

use std::fs::{self, File};
use std::io;
use std::time::{Duration, SystemTime};

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};

use super::error::Trying;
use super::failures::Failures;
use super::root::Root;
use super::{StepError, guard, program};

/// Its time of modification is the last time known.
const STAMP: &str = "/var/lib/sunup/clock";
/// `1`: the kernel has set the time from this clock.
const SET_BY_KERNEL: &str = "/sys/class/rtc/rtc0/hctosys";
/// Third line: `UTC` or `LOCAL`.
const ADJUSTMENT: &str = "/etc/adjtime";

pub(super) fn load(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut failures = Failures::default();
    if let Some(option) = hwclock_option(root)?
        && root.does(format_args!("run hwclock {option}"))
    {
        failures.note(program::run_well("hwclock", &[option]));
    }
    if let Some(last) = later_stamp(root, SystemTime::now())
        && root.does("set the time to the last one known")
    {
        let time = TimeSpec::from_duration(last);
        failures.note(clock_settime(ClockId::CLOCK_REALTIME, time).trying("set the time to the last one known"));
    }
    failures.finish()
}

pub(super) fn save(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut failures = Failures::default();
    if root.does(format_args!("write {STAMP}")) {
        failures.note(touch(root).trying(format_args!("write {STAMP}")));
    }
    if root.has("/dev/rtc0") && program::find("hwclock").is_some() && root.does("run hwclock --systohc") {
        failures.note(program::run_well("hwclock", &["--systohc"]));
    }
    failures.finish()
}

/// What hwclock is to do: a clock in local time needs the zone; one in UTC is done, if the kernel has done it. `None`
/// where there is no clock or no hwclock.
fn hwclock_option(root: &Root) -> Result<Option<&'static str>, StepError> {
    if !root.has("/dev/rtc0") || program::find("hwclock").is_none() {
        return Ok(None);
    }
    let is_set = root.read(SET_BY_KERNEL)?.is_some_and(|text| text.trim() == "1");
    let is_local = root.read(ADJUSTMENT)?.is_some_and(|text| text.lines().nth(2).map(str::trim) == Some("LOCAL"));
    Ok(match (is_set, is_local) {
        (true, false) => None,
        (true, true) => Some("--systz"),
        (false, _) => Some("--hctosys"),
    })
}

/// The stamp's time, since 1970, if it is later than `now`.
fn later_stamp(root: &Root, now: SystemTime) -> Option<Duration> {
    let stamp = fs::metadata(root.path(STAMP)).and_then(|metadata| metadata.modified()).ok()?;
    (stamp > now).then(|| stamp.duration_since(SystemTime::UNIX_EPOCH).ok()).flatten()
}

fn touch(root: &Root) -> io::Result<()> {
    let path = root.path(STAMP);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    File::create(path)?.set_modified(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a stamp from the future counts.
    #[test]
    fn stamps() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        assert_eq!(later_stamp(&root, SystemTime::UNIX_EPOCH), None);
        touch(&root).unwrap();
        assert!(later_stamp(&root, SystemTime::UNIX_EPOCH).is_some());
        assert_eq!(later_stamp(&root, SystemTime::now() + Duration::from_secs(60)), None);
    }
}
