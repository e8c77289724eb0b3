//! What the keeper knows of one job: its process, its output, how it ended.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::lines::Lines;
use super::message::Job;
use super::record::Outcome;

/// One job.
pub(super) struct Running {
    /// The job.
    pub job: Job,
    /// Its process, until it was reaped.
    pub pid: Option<u32>,
    /// What it says; `None` once nobody holds the other end.
    pub output: Option<File>,
    /// What says why it could not become its command.
    pub refusal: Option<File>,
    lines: Lines,
}

impl Running {
    /// A job that runs in this process.
    pub fn new(job: Job, pid: u32, output: OwnedFd, refusal: Option<OwnedFd>) -> Self {
        let (output, refusal) = (Some(File::from(output)), refusal.map(File::from));
        Self { job, pid: Some(pid), output, refusal, lines: Lines::default() }
    }

    /// The whole lines that have come. What of a last one has come counts as whole once nothing more can be waited for.
    pub fn read_output(&mut self, is_last: bool) -> Vec<String> {
        let (mut buffer, mut lines) = ([0; 4096], Vec::new());
        while let Some(output) = &mut self.output {
            match output.read(&mut buffer) {
                Ok(0) => self.output = None,
                Ok(count) => lines.extend(self.lines.take(&buffer[..count])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.output = None,
            }
        }
        if is_last || self.output.is_none() {
            lines.extend(self.lines.rest());
        }
        lines
    }

    /// What the process wrote into the pipe that its exec closes; nothing: it was exec'd. Only once the pipe is readable,
    /// or the process has ended.
    pub fn read_refusal(&mut self) -> Option<String> {
        let mut text = String::new();
        let _ = self.refusal.take()?.read_to_string(&mut text);
        (!text.is_empty()).then_some(text)
    }

    /// What its end means.
    pub fn outcome(&self, (status, used_ns): (WaitStatus, u64), refused: Option<String>, is_cut_off: bool) -> Outcome {
        let is_stop = self.job.is_stop;
        let (reason, exit) = match status {
            WaitStatus::Exited(_, 0) => (None, Some(0)),
            WaitStatus::Exited(_, code) => (Some(format!("exit {code}")), Some(code.unsigned_abs())),
            WaitStatus::Signaled(_, Signal::SIGKILL, _) if is_cut_off => return Outcome::interrupted(is_stop),
            WaitStatus::Signaled(_, signal, _) => {
                (Some(format!("killed by {signal}")), Some(128 + (signal as i32).unsigned_abs()))
            }
            _ => (Some("ended in an unknown way".to_owned()), None),
        };
        let output = self.lines.last();
        match refused {
            Some(reason) => Outcome { reason: Some(reason), output, is_stop, exit: None, used_ns },
            None => Outcome { reason, exit, output, is_stop, used_ns },
        }
    }
}
