//! When a longrun counts as up.

use std::path::PathBuf;
use std::time::Duration;

/// `ready`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// `notify`: the service says so on `NOTIFY_SOCKET`, as sd_notify(3) does.
    Notify,
    /// `{fd: 3}`: the service writes a newline on this descriptor.
    Descriptor(u32),
    /// `{tcp: "127.0.0.1:22"}`: a connection is accepted there. Asked every `every`.
    Tcp {
        /// Host and port; the host is an address or `localhost`.
        address: String,
        /// `every`, 100 ms where it is not given.
        every: Duration,
    },
    /// `{socket: /run/x.sock}`: a UNIX stream socket accepts there.
    Socket(PathBuf),
    /// `{file: /run/x.pid}`: the file exists.
    File(PathBuf),
    /// `{exec: [cmd, …], every: 200ms}`: the command exits 0. Asked every `every`.
    Exec {
        /// The command.
        argv: Vec<String>,
        /// `every`, 200 ms where it is not given.
        every: Duration,
    },
}
