//! What the files of a service directory say about it, read anew at every start of `run`.

use crate::c_path;
use crate::paths::service;
use crate::restart::Restart;
use crate::sys::descriptor::Descriptor;
use crate::sys::text::parse_number;

use super::event::{SECOND, Settings};
use super::files::{self, Files, Line};

/// ns in a millisecond, the unit of the files.
pub const MILLISECOND: u64 = SECOND / 1000;
/// Descriptor numbers that a file may ask for are below this.
const MOST_DESCRIPTORS: u64 = 1024;

/// Reads what the machine wants to know. `is_runit`: what holds where the directory does not say.
pub fn read(files: &Files, is_runit: bool) -> Settings {
    let none = Settings::DEFAULT;
    let milliseconds = |path| files.number(path).map(|ms| ms.saturating_mul(MILLISECOND));
    Settings {
        down_signal: files.signal(c_path!(service::DOWN_SIGNAL)).unwrap_or(none.down_signal),
        reload_signal: files.signal(c_path!(service::RELOAD_SIGNAL)).unwrap_or(none.reload_signal),
        kill_after: milliseconds(c_path!(service::TIMEOUT_KILL)).unwrap_or(none.kill_after),
        finish_limit: milliseconds(c_path!(service::TIMEOUT_FINISH)).unwrap_or(none.finish_limit),
        kill_all: files.says(c_path!(service::KILL_MODE), b"cgroup"),
        restart: policy(files).unwrap_or(none.restart),
        longest_rest: milliseconds(c_path!(service::LONGEST_REST)).unwrap_or(none.longest_rest),
        watchdog: milliseconds(c_path!(service::WATCHDOG)).unwrap_or(none.watchdog),
        is_runit: files.line(c_path!(service::DIALECT)).map_or(is_runit, |line| line.bytes() == b"runit"),
    }
}

fn policy(files: &Files) -> Option<Restart> {
    Restart::of_word(files.line(c_path!(service::RESTART))?.bytes())
}

/// A descriptor number in a file.
pub fn descriptor(files: &Files, path: &core::ffi::CStr) -> Option<i32> {
    files.number(path).filter(|&number| number < MOST_DESCRIPTORS).map(|number| number as i32)
}

/// The control-group leaf of the service.
pub fn leaf(directory: Descriptor) -> Option<Line> {
    files::line(directory, c_path!(service::CGROUP)).filter(|leaf| leaf.bytes().starts_with(b"/"))
}

/// So many deaths within so many ns are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxDeaths {
    /// At least 1.
    pub count: u32,
    /// ns.
    pub within: u64,
}

impl MaxDeaths {
    /// From `COUNT MS`.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let count = parse_number(words.next()?)?;
        let within = parse_number(words.next()?)?.saturating_mul(MILLISECOND);
        let is_whole = words.next().is_none() && count > 0;
        is_whole.then_some(Self { count: u32::try_from(count).ok()?, within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two numbers, the first not zero, and nothing more.
    #[test]
    fn max_deaths() {
        let ms = MILLISECOND;
        for (line, parsed) in [
            ("5 60000", Some(MaxDeaths { count: 5, within: 60_000 * ms })),
            ("1\t0", Some(MaxDeaths { count: 1, within: 0 })),
            ("0 5", None),
            ("5", None),
            ("5 6 7", None),
            ("99999999999 1", None),
        ] {
            assert_eq!(MaxDeaths::parse(line.as_bytes()), parsed, "{line}");
        }
    }
}
