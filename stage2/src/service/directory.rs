//! A compiled service directory: its files, and how they get where they belong.

use std::fmt::Display;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use supervisor::paths::service;
use units::Log;

use crate::system::replace::{remove, replace, replace_if_different, replace_link};

/// Directories of files that are ours, inside a service directory. (`supervise` is supervise's.)
const DIRECTORIES: [&str; 4] = ["", "data", "control", service::LOG];
/// The program of the letter `l`.
pub(super) const RELOAD: &str = "control/l";
/// A unit's own script, if it is executed as a file.
pub(super) const SCRIPT: &str = "data/script";
/// The script of `reload`.
pub(super) const RELOAD_SCRIPT: &str = "data/reload";
/// The logger's program.
pub(super) const LOG_RUN: &str = "log/run";
/// The logger says itself that it reads.
pub(super) const LOG_NOTIFICATION_FD: &str = "log/notification-fd";
/// Every text that we ever write: what is not wanted of them is removed.
pub(super) const MANAGED: [&str; 20] = [
    service::RUN,
    service::RESTART,
    service::MAX_DEATHS,
    service::SUBREAPER,
    service::PIDFILE,
    service::SOCKETS,
    service::TIMEOUT_KILL,
    service::KILL_MODE,
    service::DOWN_SIGNAL,
    service::NOTIFICATION_FD,
    service::NOTIFY,
    service::WATCHDOG,
    service::CGROUP,
    service::WAKES,
    service::DATA_UNIT,
    RELOAD,
    SCRIPT,
    RELOAD_SCRIPT,
    LOG_RUN,
    LOG_NOTIFICATION_FD,
];

/// A logger of a service's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logger {
    /// The program, as the logger's `run` calls it.
    pub program: String,
    /// Where logs of units are, one directory each.
    pub directory: PathBuf,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Content {
    Text(String, u32),
    Link(PathBuf),
}

/// The files, each with its name below the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDirectory(Vec<(String, Content)>);

impl ServiceDirectory {
    /// No files yet.
    pub const EMPTY: Self = Self(Vec::new());

    /// Adds a file of one line.
    pub(super) fn line(&mut self, name: &str, content: impl Display) {
        self.text(name, format!("{content}\n"));
    }

    /// Adds a file.
    pub(super) fn text(&mut self, name: &str, content: String) {
        self.add(name, Content::Text(content, 0o644));
    }

    /// Adds a file that can be executed.
    pub(super) fn program(&mut self, name: &str, content: String) {
        self.add(name, Content::Text(content, 0o755));
    }

    /// Adds a link to a file that is somebody else's.
    pub(super) fn link(&mut self, name: &str, target: PathBuf) {
        self.add(name, Content::Link(target));
    }

    /// The last of a name wins.
    fn add(&mut self, name: &str, content: Content) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.into(), content));
    }

    /// It has a file of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// It has a logger.
    pub fn has_logger(&self) -> bool {
        self.has(LOG_RUN)
    }

    /// The logger is the one that `directory` has now.
    pub fn keep_logger(&mut self, directory: &Path) {
        for name in [LOG_RUN, LOG_NOTIFICATION_FD] {
            let path = directory.join(name);
            if let Ok(target) = fs::read_link(&path) {
                self.link(name, target);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let mode = if name == LOG_RUN { 0o755 } else { 0o644 };
                self.add(name, Content::Text(text, mode));
            }
        }
    }

    /// There is no logger.
    pub fn leave_logger_out(&mut self) {
        self.0.retain(|(name, _)| !name.starts_with(&format!("{}/", service::LOG)));
    }

    /// The files, for tests and for whoever shows what would happen; of a link, where it leads.
    pub fn files(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, content)| match content {
            Content::Text(text, _) => (name.as_str(), text.clone()),
            Content::Link(target) => (name.as_str(), format!("→ {}", target.display())),
        })
    }

    /// Puts the files into `directory`, which is made if need be, and takes away what an earlier unit left there.
    pub fn install(&self, directory: &Path) -> io::Result<()> {
        make_directory(&directory.join(service::SUPERVISE))?;
        for inner in DIRECTORIES.iter().filter(|inner| self.has_inside(inner)) {
            make_directory(&directory.join(inner))?;
        }
        let has_logger = self.has_inside(service::LOG);
        if has_logger {
            make_directory(&directory.join(service::LOG).join(service::SUPERVISE))?;
        }
        for (name, content) in &self.0 {
            let path = directory.join(name);
            match content {
                // It may lead to a file server that does not answer.
                Content::Text(text, mode) if path.is_symlink() => replace(&path, text.as_bytes(), *mode)?,
                Content::Text(text, mode) => drop(replace_if_different(&path, text.as_bytes(), *mode)?),
                Content::Link(target) if fs::read_link(&path).is_ok_and(|old| old == *target) => {}
                Content::Link(target) => replace_link(&path, target)?,
            }
        }
        if !has_logger {
            remove_logger(&directory.join(service::LOG))?;
        }
        DIRECTORIES.iter().try_for_each(|inner| self.remove_others(directory, inner))
    }

    /// It has files in a directory inside.
    pub fn has_inside(&self, inner: &str) -> bool {
        let prefix = format!("{inner}/");
        self.0.iter().any(|(name, _)| name.starts_with(&prefix))
    }

    /// Takes away what an earlier unit left in a directory. What the service itself has put there stays.
    fn remove_others(&self, directory: &Path, inner: &str) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(directory.join(inner)) else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let whole = if inner.is_empty() { name } else { format!("{inner}/{name}") };
            if !self.has(&whole) && (MANAGED.contains(&whole.as_str()) || is_our_link(&entry.path())) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// As [`ServiceDirectory::link`] makes them: to a file of the same name.
fn is_our_link(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.is_absolute() && target.file_name() == path.file_name())
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// A scanner takes `log/` for a logger, so an unused one must go.
fn remove_logger(log: &Path) -> io::Result<()> {
    match fs::remove_dir_all(log) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where a unit's own logger writes, if it has one; `logs` holds those of units that do not say.
pub fn log_directory(logs: &Path, unit: &str, log: &Log) -> PathBuf {
    match log {
        Log::Directory { directory: Some(directory), .. } => directory.clone(),
        Log::Directory { directory: None, .. } | Log::Auto | Log::None => logs.join(unit),
    }
}
