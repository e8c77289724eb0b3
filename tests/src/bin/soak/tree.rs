//! The tree under test: service directories of writers with loggers, and a scanner over them.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use supervisor::paths::{scan, service};
use supervisor::status::Status;
use supervisor::sys::files::O_NONBLOCK;
use tests::programs;

use crate::Outcome;
use crate::ledger::{self, Start};

/// Every logger's: files are finished often, so that kills meet that too, and none is removed.
const LOGGER: &str = "#!/bin/sh\nexec svlog -b s4096 n1000000 ./main\n";

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    names: Vec<String>,
}

impl Tree {
    /// Makes the directories of so many services.
    pub fn make(root: &Path, services: usize) -> Outcome<Self> {
        let names: Vec<String> = (0..services).map(|number| format!("s{number:03}")).collect();
        let tree = Self { root: root.to_path_buf(), names };
        fs::create_dir_all(tree.scan())?;
        for (number, name) in tree.names.iter().enumerate() {
            let logger = tree.logger(number);
            fs::create_dir_all(&logger)?;
            symlink(programs::directory().join("writer"), tree.service(number).join(service::RUN))?;
            let run = logger.join(service::RUN);
            fs::write(&run, LOGGER)?;
            fs::set_permissions(&run, fs::Permissions::from_mode(0o755))?;
            symlink(format!("../services/{name}"), tree.scan().join(name))?;
        }
        Ok(tree)
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The scan directory.
    pub fn scan(&self) -> PathBuf {
        self.root.join("scan")
    }

    /// The directory of a service.
    pub fn service(&self, number: usize) -> PathBuf {
        self.root.join("services").join(self.names.get(number).map_or("", String::as_str))
    }

    /// The directory of its logger.
    pub fn logger(&self, number: usize) -> PathBuf {
        self.service(number).join(service::LOG)
    }

    /// The starts of a service.
    pub fn starts(&self, number: usize) -> Vec<Start> {
        ledger::starts(&self.service(number))
    }

    /// What the scanner and the supervises have said.
    pub fn messages(&self) -> String {
        fs::read_to_string(self.root.join("messages")).unwrap_or_default()
    }

    /// The scanner's command.
    fn scanner(&self) -> Outcome<Command> {
        let messages = OpenOptions::new().create(true).append(true).open(self.root.join("messages"))?;
        let programs = programs::directory();
        let mut command = Command::new(programs.join("svscan"));
        command.arg(self.scan()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages);
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        Ok(command)
    }

    /// Starts a scanner; gives its pid.
    pub fn start_scanner(&self) -> Outcome<u32> {
        Ok(self.scanner()?.spawn()?.id())
    }

    /// Becomes the scanner; returns only when that failed.
    pub fn become_scanner(&self) -> Outcome<()> {
        Err(self.scanner()?.exec().into())
    }

    /// Writes letters to the scanner, if one listens.
    pub fn tell_scanner(&self, letters: &str) -> bool {
        tell(&self.scan().join(scan::CONTROL), letters)
    }
}

/// The record of a service directory.
pub fn record(directory: &Path) -> Option<Status> {
    Status::unpack(&fs::read(directory.join(service::STATUS)).ok()?)
}

/// A supervise looks after a service directory.
pub fn is_supervised(directory: &Path) -> bool {
    open_fifo(&directory.join(service::OK)).is_some()
}

/// Writes letters to a control FIFO; false when nobody listens.
pub fn tell(fifo: &Path, letters: &str) -> bool {
    open_fifo(fifo).is_some_and(|mut fifo| fifo.write_all(letters.as_bytes()).is_ok())
}

fn open_fifo(path: &Path) -> Option<File> {
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK.cast_signed()).open(path).ok()
}
