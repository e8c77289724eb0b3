//! The supervised services: which there are, who supervises them, what they are told.
//!
//! Nothing is known beyond the service-directory contract, so every scanner's services are understood.

pub mod stubborn;

use crate::waiting::events::Events;
use nix::libc;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::paths;
use supervisor::status::Status;

/// What a supervise may take beyond the time its service has until KILL.
const PATIENCE: Duration = Duration::from_secs(5);
/// No service directory makes us wait longer.
const LONGEST: Duration = Duration::from_secs(60);

/// What a service is for the stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is stopped at once.
    Service,
    /// It reads what a service wrote, and ends when it has read everything.
    Logger,
    /// It reads what everyone wrote, process 1 and stage 3 too, and is stopped last.
    CatchAll,
}

/// One service directory.
#[derive(Clone, Debug)]
pub struct Service {
    /// `sshd`, `sshd/log`.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
    /// What it is.
    pub role: Role,
}

/// Every service of the scan directory, loggers included.
pub fn all(run: &Path) -> Vec<Service> {
    let Ok(entries) = fs::read_dir(run.join(paths::run::SCAN)) else { return Vec::new() };
    let mut services = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !entry.path().is_dir() {
            continue;
        }
        let logger = entry.path().join(paths::service::LOG);
        if logger.is_dir() {
            services.push(Service::new(format!("{name}/{}", paths::service::LOG), logger));
        }
        services.push(Service::new(name, entry.path()));
    }
    services
}

impl Service {
    fn new(name: String, directory: PathBuf) -> Self {
        let role = if directory.join(paths::service::STDIN_FIFO).exists() {
            Role::CatchAll
        } else if paths::is_logger_name(&name) {
            Role::Logger
        } else {
            Role::Service
        };
        Self { name, directory, role }
    }

    /// Writes letters to its supervise; no supervise is no error.
    pub fn tell(&self, letters: &[u8]) {
        if let Ok(mut fifo) = self.control() {
            let _ = fifo.write_all(letters);
        }
    }

    /// Has new records, and the end of its supervise, be events. Letters for it are none.
    pub fn watch(&self, events: &mut Events) {
        events.add_names(&self.directory.join(paths::service::SUPERVISE));
        events.add_closing(&self.lock());
    }

    /// A supervise holds it: somebody would read what it is told. Nobody finds the lock taken because we looked, as a
    /// supervise would that begins just now.
    pub fn is_supervised(&self) -> bool {
        self.control().is_ok()
    }

    fn control(&self) -> io::Result<File> {
        let control = self.directory.join(paths::service::CONTROL);
        OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(control)
    }

    /// Device and inode of the lock, by which its holder is found.
    pub fn lock_identity(&self) -> Option<(u64, u64)> {
        fs::metadata(self.lock()).ok().map(|data| (data.dev(), data.ino()))
    }

    /// Its status record, if a supervise of ours wrote it.
    pub fn status(&self) -> Option<Status> {
        Status::unpack(&fs::read(self.directory.join(paths::service::STATUS)).ok()?)
    }

    /// How long its supervise may take to end.
    pub fn patience(&self) -> Duration {
        let text = fs::read_to_string(self.directory.join(paths::service::TIMEOUT_KILL)).unwrap_or_default();
        let until_kill = Duration::from_millis(text.trim().parse().unwrap_or(0));
        LONGEST.min(PATIENCE + until_kill)
    }

    fn lock(&self) -> PathBuf {
        self.directory.join(paths::service::LOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Services, their loggers and the catch-all are told apart; a supervise is who reads its FIFO.
    #[test]
    fn finds_services() {
        let directory = tempfile::tempdir().unwrap();
        let run = directory.path();
        let scan = run.join(paths::run::SCAN);
        for directory in ["a/supervise", "a/log/supervise", "catch-all/supervise", ".svscan"] {
            fs::create_dir_all(scan.join(directory)).unwrap();
        }
        fs::write(scan.join("catch-all/stdin-fifo"), "/run/sunup/log.fifo").unwrap();
        fs::write(scan.join("a/timeout-kill"), "1500\n").unwrap();
        for fifo in ["a", "a/log"].map(|name| scan.join(name).join(paths::service::CONTROL)) {
            mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        }
        let control = scan.join("a").join(paths::service::CONTROL);
        let reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(control).unwrap();
        let mut services = all(run);
        services.sort_by(|one, other| one.name.cmp(&other.name));
        let found: Vec<_> = services.iter().map(|s| (s.name.as_str(), s.role, s.is_supervised())).collect();
        let expected =
            [("a", Role::Service, true), ("a/log", Role::Logger, false), ("catch-all", Role::CatchAll, false)];
        assert_eq!(found, expected);
        assert_eq!(services[0].patience(), Duration::from_millis(6500));
        drop(reader);
        assert!(!services[0].is_supervised());
    }

    /// A supervise that begins while somebody looks gets its lock.
    #[test]
    fn a_look_takes_no_lock() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(paths::service::SUPERVISE)).unwrap();
        let service = Service::new("a".into(), directory.path().into());
        let lock = File::create(service.lock()).unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(!service.is_supervised());
                }
            });
            let taken = (0..20_000).filter(|_| lock.try_lock().is_ok() && lock.unlock().is_ok()).count();
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(taken, 20_000);
        });
    }
}
