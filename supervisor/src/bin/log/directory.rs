//! A directory of rotated files, as s6-log and svlogd keep one: `current`, finished files `@LABEL.s`, interrupted ones
//! `@LABEL.u`, and `lock`.
//!
//! `current` may be executed by its owner when it is complete. Whoever writes waits while the disk is full.

use super::stamp::{Labels, Moment};
use crate::client::chain;
use nix::errno::Errno;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use supervisor::sys::descriptor::Owned;

/// Mode of a `current` that is complete, and of one that is written.
const COMPLETE: u32 = 0o744;
const OPEN: u32 = 0o644;

/// What a directory may hold, and what is done with finished files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of `current`; 0: any.
    pub size: u64,
    /// So many bytes before that, a newline ends it already.
    pub tolerance: u64,
    /// The most finished files.
    pub files: usize,
    /// So many are kept even when the disk is full; `None`: all.
    pub least: Option<usize>,
    /// The most bytes of finished files; 0: any.
    pub total: u64,
    /// The age that ends `current`.
    pub age: Option<Duration>,
    /// The command that finished files go through.
    pub processor: Option<Vec<String>>,
    /// Between two tries.
    pub pause: Duration,
}

/// An open directory.
pub struct Directory {
    path: PathBuf,
    limits: Limits,
    current: File,
    size: u64,
    since: Instant,
    /// Where the messages come from.
    program: &'static str,
    /// What finished files are called by.
    labels: Labels,
    _lock: Owned,
}

/// What could not be done, and why.
pub type Trouble = (&'static str, io::Error);

impl Directory {
    /// Opens and locks a directory. A `current` that was interrupted is put aside.
    pub fn open(path: &Path, limits: Limits, program: &'static str, labels: Labels) -> Result<Self, Trouble> {
        fs::read_dir(path).map_err(|error| ("open log directory", error))?;
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(path.join("lock"));
        let lock = lock.map_err(|error| ("open lock", error))?;
        let lock = Owned::adopt(lock.into_raw_fd());
        lock.lock().map_err(|errno| ("lock", io::Error::from_raw_os_error(errno.into())))?;
        let file = path.join("current");
        let found = fs::metadata(&file);
        let size = match found {
            Ok(found) if found.mode() & 0o100 != 0 || found.len() == 0 => found.len(),
            Ok(_) => {
                fs::rename(&file, path.join(format!("{}.u", Moment::now().label(labels))))
                    .map_err(|error| ("rename current", error))?;
                0
            }
            Err(_) => 0,
        };
        let current = open_current(&file).map_err(|error| ("open current", error))?;
        let (path, since) = (path.to_path_buf(), Instant::now());
        Ok(Self { path, limits, current, size, since, program, labels, _lock: lock })
    }

    /// Appends a line, its newline included, and rotates where that fills `current`. It waits while that fails.
    pub fn write(&mut self, line: &[u8]) {
        let mut rest = line;
        let mut said = false;
        while !rest.is_empty() {
            match self.current.write(rest) {
                Ok(count) => {
                    self.since = if self.size == 0 { Instant::now() } else { self.since };
                    self.size += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.meet(&error, &mut said),
            }
        }
        if self.limits.size > 0 && self.size.saturating_add(self.limits.tolerance) >= self.limits.size {
            self.rotate();
        }
    }

    /// Makes room on a full disk if it may, or says once what is wrong and pauses.
    fn meet(&self, error: &io::Error, said: &mut bool) {
        let is_full = error.raw_os_error() == Some(Errno::ENOSPC as i32);
        let old = self.finished().unwrap_or_default();
        if is_full && self.limits.least.is_some_and(|least| old.len() > least) && self.remove(&old[0].0).is_ok() {
            return;
        }
        self.pause("write to current", error, said);
    }

    fn pause(&self, what: &str, error: &io::Error, said: &mut bool) {
        if !std::mem::replace(said, true) {
            let text = format!(": warning: unable to {what} in {}, pausing: ", self.path.display());
            chain::say(0, &[self.program.as_bytes(), text.as_bytes(), cause(error).as_bytes()]);
        }
        std::thread::sleep(self.limits.pause);
    }

    /// When `current` is too old.
    pub fn expires(&self) -> Option<Instant> {
        self.limits.age.filter(|_| self.size > 0).and_then(|age| self.since.checked_add(age))
    }

    /// Finishes `current` and begins another; an empty one is left as it is. It waits while that fails.
    pub fn rotate(&mut self) {
        let mut said = false;
        while self.size > 0 {
            match self.try_rotate() {
                Ok(()) => {}
                Err((what, error)) => self.pause(what, &error, &mut said),
            }
        }
        while let Err(error) = self.prune() {
            self.pause("remove old files", &error, &mut said);
        }
    }

    fn try_rotate(&mut self) -> Result<(), Trouble> {
        self.close()?;
        let label = Moment::now().label(self.labels);
        let [finished, raw, made] = ["s", "u", "t"].map(|suffix| self.path.join(format!("{label}.{suffix}")));
        let current = self.path.join("current");
        let renamed = |answer: io::Result<()>| answer.map_err(|error| ("rename current", error));
        match self.limits.processor.clone() {
            // It was renamed before, but the next one could not be opened then.
            _ if !current.exists() => {}
            None => renamed(fs::rename(&current, &finished))?,
            Some(command) => {
                renamed(fs::rename(&current, &raw))?;
                self.process(&command, &raw, &made);
                renamed(fs::rename(&made, &finished).and_then(|()| fs::remove_file(&raw)))?;
            }
        }
        self.current = open_current(&current).map_err(|error| ("open current", error))?;
        self.size = 0;
        Ok(())
    }

    /// Runs a finished file through the command until that succeeds. It finds what it said on descriptor 5 the last time
    /// on descriptor 4.
    fn process(&self, command: &[String], raw: &Path, made: &Path) {
        let mut said = false;
        loop {
            match self.process_once(command, raw, made) {
                Ok(true) => return,
                Ok(false) => self.pause("process a file", &Errno::ECANCELED.into(), &mut said),
                Err(error) => self.pause("process a file", &error, &mut said),
            }
        }
    }

    fn process_once(&self, command: &[String], raw: &Path, made: &Path) -> io::Result<bool> {
        let at = |name: &str| self.path.join(name);
        OpenOptions::new().create(true).append(true).mode(OPEN).open(at("state"))?;
        let output = OpenOptions::new().create(true).write(true).truncate(true).mode(COMPLETE).open(made)?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "exec 4<state 5>newstate; exec \"$@\"", "sh"]).args(command).current_dir(&self.path);
        let status = shell.stdin(File::open(raw)?).stdout(Stdio::from(output.try_clone()?)).status()?;
        if !status.success() {
            return Ok(false);
        }
        output.sync_all()?;
        fs::rename(at("newstate"), at("state"))?;
        Ok(true)
    }

    /// Removes the oldest files while there are too many, or too many bytes in them.
    fn prune(&self) -> io::Result<()> {
        let old = self.finished()?;
        let mut bytes: u64 = old.iter().map(|(_, size)| size).sum();
        for (at, (name, size)) in old.iter().enumerate() {
            let too_many = old.len() - at > self.limits.files;
            if !too_many && (self.limits.total == 0 || bytes <= self.limits.total) {
                break;
            }
            self.remove(name)?;
            bytes -= size;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Finished and interrupted files with their bytes, the oldest first.
    fn finished(&self) -> io::Result<Vec<(String, u64)>> {
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('@') && name.len() == 27 && (name.ends_with(".s") || name.ends_with(".u")) {
                old.push((name, entry.metadata()?.len()));
            }
        }
        old.sort();
        Ok(old)
    }

    /// Commits `current` and marks it complete.
    pub fn close(&mut self) -> Result<(), Trouble> {
        self.current.sync_all().map_err(|error| ("sync current", error))?;
        self.current.set_permissions(Permissions::from_mode(COMPLETE)).map_err(|error| ("set mode of current", error))
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open_current(path: &Path) -> io::Result<File> {
    let current = OpenOptions::new().create(true).append(true).mode(OPEN).open(path)?;
    current.set_permissions(Permissions::from_mode(OPEN))?;
    Ok(current)
}

/// An error's words.
pub fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.into())
}
