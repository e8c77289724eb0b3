//! A service as its supervise shows it: the client's side of the service-directory contract.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::{ENOENT, ENXIO, O_NONBLOCK};
use supervisor::paths::service;
use supervisor::status::Status;

/// A service directory that a supervise may be running.
#[derive(Clone, Debug)]
pub struct SupervisedService(PathBuf);

impl SupervisedService {
    /// The service in this directory.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// Its logger, whether or not it has one.
    pub fn logger(&self) -> Self {
        Self(self.0.join(service::LOG))
    }

    /// `supervise/`, where its status record is renamed.
    pub fn supervise(&self) -> PathBuf {
        self.0.join(service::SUPERVISE)
    }

    /// A supervise holds it.
    pub fn is_supervised(&self) -> bool {
        self.open_control().is_ok()
    }

    /// No supervise holds it. Who may not know takes it for held.
    pub fn is_left(&self) -> bool {
        let errno = self.open_control().err().and_then(|error| error.raw_os_error());
        matches!(errno, Some(ENXIO | ENOENT))
    }

    /// Its status record, if there is one of ours. Without a running supervise it is an old one.
    pub fn status(&self) -> Option<Status> {
        Status::unpack(&fs::read(self.0.join(service::STATUS)).ok()?)
    }

    /// Writes control letters, in one write. ENXIO and ENOENT: no supervise holds it.
    pub fn control(&self, letters: &[u8]) -> io::Result<()> {
        self.open_control()?.write_all(letters)
    }

    fn open_control(&self) -> io::Result<fs::File> {
        OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(self.0.join(service::CONTROL))
    }
}
