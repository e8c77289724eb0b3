//! One service as `sv` sees it: told something, then looked at until it is there.
//!
//! Waiting is by inotify on `supervise/` and by the end of the supervise, which the held `ok` FIFO tells. Only a
//! service with a `check` program of its own is asked again and again, because that is what it asks for.

use super::announces::announces_readiness;
use super::fifo::open_fifo;
use super::ok::open_ok;
use super::record::{Family, Record};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use supervisor::paths::service;
use supervisor::status::Want;

/// Between two questions to a `check` program.
const CHECK_EVERY: Duration = Duration::from_millis(420);

/// A service directory with a supervise, and the moment at which its command was given.
#[derive(Debug)]
pub struct Service {
    directory: PathBuf,
    told_at: SystemTime,
}

/// What `sv` finds.
#[derive(Debug)]
pub enum Seen {
    /// A supervise runs; its record.
    Running(Record),
    /// None runs.
    NotRunning,
    /// It cannot be told.
    Unable(&'static str, Errno),
}

impl Service {
    /// The service in this directory.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, told_at: SystemTime::now() }
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The record of now.
    pub fn look(&self) -> Seen {
        match open_ok(&self.directory) {
            Ok(_) => {}
            Err(Errno::ENXIO) => return Seen::NotRunning,
            Err(errno) => return Seen::Unable("open supervise/ok", errno),
        }
        match Record::of(&self.directory) {
            Ok(Some(record)) => Seen::Running(record),
            Ok(None) => Seen::Unable("read supervise/status", Errno::EPROTO),
            Err(error) => {
                let number = error.raw_os_error().unwrap_or(0);
                Seen::Unable("open supervise/status", Errno::from_raw(number))
            }
        }
    }

    /// `x` stops it too, whoever supervises it.
    pub fn speaks_runit(&self, record: &Record) -> bool {
        record.family == Family::Runit || self.directory.join(service::STAT).exists()
    }

    /// Writes letters into the control FIFO, in one write.
    pub fn tell(&self, letters: &str) -> Result<(), Errno> {
        let fifo = open_fifo(&self.directory, service::CONTROL)?;
        nix::unistd::write(&fifo, letters.as_bytes()).map(drop)
    }

    /// Whether all that the letters ask for holds (`C`: what the service is wanted to be). `Some(false)`: not yet; `None`: it
    /// cannot any more.
    pub fn is_there(&self, letters: &str) -> Option<bool> {
        let record = match self.look() {
            Seen::Running(record) => record,
            Seen::NotRunning => return if letters == "x" { Some(true) } else { None },
            Seen::Unable(..) => return None,
        };
        Some(letters.bytes().all(|letter| self.holds(letter, &record)))
    }

    fn holds(&self, letter: u8, record: &Record) -> bool {
        let status = &record.status;
        let runs = record.is_running();
        let is_new = status.changed.to_unix() >= moment(self.told_at);
        match letter {
            b'x' => false,
            b'C' => match status.want {
                Want::Once if !runs => true,
                Want::Up | Want::Once => self.holds(b'u', record),
                Want::Down => self.holds(b'd', record),
            },
            b'u' => record.is_up() && self.is_announced(record) && self.check_says_yes(),
            b'd' => !runs && record.is_down(),
            b't' | b'k' => {
                let is_again = record.is_up() && is_new && !status.got_term;
                !runs && status.want != Want::Up || is_again && self.check_says_yes()
            }
            b'o' => record.is_up() && status.want != Want::Up || !runs && is_new,
            b'p' => !runs || status.paused,
            b'c' => !runs || !status.paused,
            _ => true,
        }
    }

    /// A service that announces its readiness is up once it has; runit knows only `check` for that.
    fn is_announced(&self, record: &Record) -> bool {
        !record.knows_readiness() || record.is_ready() || !announces_readiness(&self.directory)
    }

    fn check_says_yes(&self) -> bool {
        let program = self.directory.join("check");
        if !program.exists() {
            return true;
        }
        let mut check = Command::new("./check");
        check.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::null());
        check.status().is_ok_and(|status| status.success())
    }

    /// Waits until the letters' outcome is there, or cannot be any more, at most `limit`; answers as [`Self::is_there`].
    pub fn wait(&self, letters: &str, limit: Duration) -> Option<bool> {
        let deadline = self.told_at.elapsed().map_or(limit, |gone| limit.saturating_sub(gone));
        let deadline = Instant::now() + deadline;
        let Ok(inotify) = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK) else { return None };
        let _ = inotify.add_watch(&self.directory.join(service::SUPERVISE), AddWatchFlags::IN_MOVED_TO);
        let supervise = open_ok(&self.directory).ok();
        let asks = self.directory.join("check").exists();
        loop {
            let there = self.is_there(letters);
            let left = deadline.saturating_duration_since(Instant::now());
            if there != Some(false) || left.is_zero() {
                return there;
            }
            let left = if asks { left.min(CHECK_EVERY) } else { left };
            let mut watched = vec![PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
            watched.extend(supervise.as_ref().map(|ok| PollFd::new(ok.as_fd(), PollFlags::empty())));
            let _ = poll(&mut watched, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX));
            let _ = inotify.read_events();
        }
    }
}

/// Seconds since 1970, and ns.
pub fn moment(time: SystemTime) -> (i64, u32) {
    let age = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (age.as_secs().cast_signed(), age.subsec_nanos())
}
