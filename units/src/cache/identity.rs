//! What tells one state of a file from every other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::stat::FileStat;

/// A file that changed less than this ago may change again without its times showing it: they are as coarse as the
/// kernel's tick, and on some filesystems as a second or two.
#[cfg(not(test))]
const SETTLED: Duration = Duration::from_secs(3);

/// Tests change inodes and sizes instead of waiting.
#[cfg(test)]
const SETTLED: Duration = Duration::ZERO;

/// Device, inode, size, and the times of the last changes of content and of anything, with nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(pub(super) [u64; Identity::WORDS]);

impl Identity {
    /// How many numbers it is.
    pub(super) const WORDS: usize = 7;

    /// That of a file as the kernel describes it.
    pub(crate) fn of(found: &FileStat) -> Self {
        let times = [found.st_mtime, found.st_mtime_nsec, found.st_ctime, found.st_ctime_nsec];
        let [mtime, mtime_nanoseconds, ctime, ctime_nanoseconds] = times.map(i64::cast_unsigned);
        let size = found.st_size.cast_unsigned();
        Self([found.st_dev, found.st_ino, size, mtime, mtime_nanoseconds, ctime, ctime_nanoseconds])
    }

    /// Whether the file has been at rest for so long that a later change will show. `now` is from before it was read; a
    /// clock that is behind the file's times says no.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let changed =
            |seconds: u64| UNIX_EPOCH + Duration::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX).into());
        let latest = changed(self.0[3]).max(changed(self.0[5]));
        now.duration_since(latest).is_ok_and(|age| age >= SETTLED)
    }
}
