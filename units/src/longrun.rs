//! A supervised process: what runs, when it counts as up, and what happens when it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use supervisor::restart::Restart;

use crate::{Command, Context, Log, Readiness, Signal, Socket};

/// A supervised process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longrun {
    /// `run` or `servicedir`.
    pub program: Program,
    /// `reload`; `None`: HUP to the main process, as supervise does it.
    pub reload: Option<Command>,
    /// `ready`; `None`: up once exec'd.
    pub ready: Option<Readiness>,
    /// `restart`.
    pub restart: Restart,
    /// `max-deaths`; `None`: it is started again however often it dies.
    pub max_deaths: Option<MaxDeaths>,
    /// `stop-signal`; `None`: TERM.
    pub stop_signal: Option<Signal>,
    /// `kill-mode`.
    pub kill_mode: KillMode,
    /// `forks`: the command goes into the background and is followed there.
    pub forks: bool,
    /// `pidfile`: where a service that forks leaves its main process's number. Only with `forks`.
    pub pidfile: Option<PathBuf>,
    /// `sockets`: opened before the first start, kept across restarts.
    pub sockets: Vec<Socket>,
    /// `watchdog`: so long may the service be silent. Only with `ready: notify`.
    pub watchdog: Option<Duration>,
    /// `log`.
    pub log: Log,
    /// Everything about the process's surroundings.
    pub context: Arc<Context>,
}

impl Longrun {
    /// The command, unless it is a service directory's own.
    pub fn command(&self) -> Option<&Command> {
        match &self.program {
            Program::Command(command) => Some(command),
            Program::ServiceDirectory(_) => None,
        }
    }
}

/// What a longrun runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// `run`.
    Command(Command),
    /// `servicedir`: this service directory is used as it is.
    ServiceDirectory(PathBuf),
}

/// `max-deaths: 5 in 60s`: one death more within that time, and the service has ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxDeaths {
    /// So many deaths, at least 1.
    pub count: u32,
    /// Within this time.
    pub within: Duration,
}

/// `kill-mode`: whom a stop reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KillMode {
    /// Every process of the unit's control group (or process group where there is none).
    #[default]
    Cgroup,
    /// Only the main process.
    Main,
}

impl KillMode {
    /// Every mode with its word in the YAML and in the service directory.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Cgroup, "cgroup"), (Self::Main, "main")];
}
