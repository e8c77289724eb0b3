//! The kernel's log: every line of the console there as well, where `sunup.yaml` says so.
//!
//! One write is one record. The lines are of the level debug, so that the kernel does not show them on the console,
//! where they stand already.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;

/// Where the kernel takes records.
pub const KERNEL_LOG: &str = "/dev/kmsg";
/// Facility daemon (3), level debug (7).
const PRIORITY: u8 = 3 << 3 | 7;

/// The open log.
#[derive(Debug)]
pub struct KernelLog(File);

impl KernelLog {
    /// Opens the device, without waiting for it.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).custom_flags(O_NONBLOCK).open(path).map(Self)
    }

    /// Writes one line, given without its newline. One that the kernel does not take is lost there.
    pub fn append(&mut self, line: &str) {
        let _ = self.0.write(format!("<{PRIORITY}>sunup: {line}\n").as_bytes());
    }
}
