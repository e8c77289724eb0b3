//! The engine's side: forking a keeper, noting it, and opening its gate.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{pipe2, write};
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, fork, start_ticks};
use units::{Command, Step};

use super::keeper::{Ends, keep};
use super::record::{KeeperRecord, Record};
use super::report::ReportReader;

/// A one-shot to run.
pub struct Job {
    /// The unit's name.
    pub unit: String,
    /// It runs `stop`, not `start`.
    pub is_stop: bool,
    /// Native steps, done first.
    pub steps: Vec<Step>,
    /// Does a step; the error is the reason.
    pub run_step: fn(&Step) -> Result<(), String>,
    /// The command.
    pub command: Option<Command>,
    /// The control-group leaf, where there are control groups.
    pub cgroup: Option<PathBuf>,
    /// Where it is remembered.
    pub record: Record,
    /// Output is forwarded to standard error instead of standard output, which shows the console's lines.
    pub forward_to_error: bool,
}

/// A one-shot that runs.
#[derive(Debug)]
pub struct Launched {
    /// Its keeper.
    pub keeper: KeeperRecord,
    /// What the keeper tells.
    pub reports: ReportReader,
}

/// Runs a one-shot. The process must have a single thread.
pub fn launch(job: &Job) -> io::Result<Launched> {
    job.record.prepare()?;
    if let Some(Command::Script(text)) = &job.command {
        job.record.write_script(text)?;
    }
    let (gate_read, gate) = pipe2(OFlag::O_CLOEXEC)?;
    let (reports, reports_write) = pipe2(OFlag::O_CLOEXEC)?;
    fcntl(reports.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let pid = match fork().map_err(|error| io::Error::from_raw_os_error(i32::from(error.0)))? {
        Fork::Child => {
            // Neither end of the engine's must survive in the keeper: the gate's would hide the engine's death.
            let kept = Ends { gate: gate_read, reports: reports_write };
            exit(keep(job, kept))
        }
        Fork::Parent(pid) => pid,
    };
    drop((gate_read, reports_write));
    let keeper = KeeperRecord { pid, start_ticks: start_ticks(pid).unwrap_or(0), is_stop: job.is_stop };
    open_gate(job, &keeper, gate)?;
    Ok(Launched { keeper, reports: ReportReader::new(reports) })
}

/// The gate opens only once the keeper is noted; a gate that is closed instead lets the keeper run nothing.
fn open_gate(job: &Job, keeper: &KeeperRecord, gate: OwnedFd) -> io::Result<()> {
    job.record.write_keeper(keeper)?;
    write(&gate, b"\n")?;
    Ok(())
}

/// The descriptor's number as the system-call layer takes it.
pub(super) fn number(descriptor: &impl AsRawFd) -> u32 {
    descriptor.as_raw_fd().unsigned_abs()
}
