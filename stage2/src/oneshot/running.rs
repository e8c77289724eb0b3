//! What the keeper knows of one job: its process, its output, how it ended.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use supervisor::sys::cradle::Beginning;

use super::command::{Command, Starter, reason};
use super::lines::Lines;
use super::message::Job;
use super::record::Outcome;

/// What will say why a process could not become its command.
pub(super) enum Becoming {
    /// Our memory, as long as it borrows that.
    Borrowing(Beginning<Command>),
    /// A pipe.
    Forked(File),
}

/// One job.
pub(super) struct Running {
    /// The job.
    pub job: Job,
    /// Its process, until it was reaped.
    pub pid: Option<u32>,
    /// What it says; `None` once nobody holds the other end.
    pub output: Option<File>,
    /// `None` once it was asked.
    pub becoming: Option<Becoming>,
    refusal: Option<String>,
    lines: Lines,
}

impl Running {
    /// A job that runs in this process.
    pub fn new(job: Job, pid: u32, output: OwnedFd, becoming: Becoming) -> Self {
        let (output, becoming) = (Some(File::from(output)), Some(becoming));
        Self { job, pid: Some(pid), output, becoming, refusal: None, lines: Lines::default() }
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

    /// The process is in our memory still.
    pub fn is_borrowing(&self) -> bool {
        matches!(&self.becoming, Some(Becoming::Borrowing(beginning)) if !beginning.is_over())
    }

    /// Whether it leaves our memory within so many ns.
    pub fn leaves_within(&self, patience: u64) -> bool {
        matches!(&self.becoming, Some(Becoming::Borrowing(beginning)) if beginning.is_over_within(patience))
    }

    /// Why the process could not become its command; `None`: it did. To be asked once that is known, or the process has ended.
    pub fn refusal(&mut self, starter: &mut Starter) -> Option<&str> {
        match self.becoming.take() {
            Some(Becoming::Borrowing(beginning)) => {
                self.refusal = starter.take_back(beginning).err().map(|error| reason(&self.job.command, error));
            }
            Some(Becoming::Forked(mut pipe)) => {
                let mut text = String::new();
                let _ = pipe.read_to_string(&mut text);
                self.refusal = Some(text).filter(|text| !text.is_empty());
            }
            None => {}
        }
        self.refusal.as_deref()
    }

    /// What its end means.
    pub fn outcome(
        &mut self,
        (status, used_ns): (WaitStatus, u64),
        is_cut_off: bool,
        starter: &mut Starter,
    ) -> Outcome {
        let refused = self.refusal(starter).map(str::to_owned);
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
