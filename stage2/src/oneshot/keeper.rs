//! The keeper: parent of one one-shot's worker, in a session of its own. It forwards output line by line, keeps the last
//! five, and writes the outcome down before it tells anybody.
//!
//! It runs in a forked child of the single-threaded engine, so it may allocate; it must never return into the engine's
//! code, and holds none of the engine's descriptors but two pipe ends. A background process that the one-shot left
//! behind may still hold the output: then the keeper goes on forwarding, or that process would die of SIGPIPE.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, chdir, pipe2, setsid};
use supervisor::sys::close::close_all_but;
use supervisor::sys::exit;
use supervisor::sys::process::{Fork, fork};

use super::launch::{Job, number};
use super::record::Outcome;
use super::report::Report;
use super::worker::work;
use crate::system::cgroup;
use crate::system::descriptors;

/// Lines of output that are kept for the `[fail]` line.
const LINES_KEPT: usize = 5;
/// Bytes of one line that are kept; a longer one is broken.
const LONGEST_LINE: usize = 1000;

/// The keeper's ends of the pipes to the engine.
pub(super) struct Ends {
    /// A byte comes once the keeper is noted; end of file: the engine died before.
    pub gate: OwnedFd,
    /// For the engine.
    pub reports: OwnedFd,
}

/// Runs the job; answers the exit code of the keeper, which nobody reads.
pub(super) fn keep(job: &Job, ends: Ends) -> i32 {
    let mut kept = [number(&ends.gate), number(&ends.reports)];
    kept.sort_unstable();
    if close_all_but(&kept).is_err() || !gate_opens(ends.gate) {
        return 1;
    }
    let mut reports = File::from(ends.reports);
    let outcome = match Keeper::start(job, &mut reports) {
        Ok(keeper) => keeper.watch(job, &mut reports),
        Err(error) => return give_up(job, &mut reports, error),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => give_up(job, &mut reports, error),
    }
}

/// The keeper itself failed, before or while it watched.
fn give_up(job: &Job, reports: &mut File, error: Errno) -> i32 {
    let reason = format!("unable to start: {}", error.desc());
    let _ = job.record.write_outcome(&Outcome::failed(reason, job.is_stop));
    Report::Done.send(reports);
    111
}

fn gate_opens(gate: OwnedFd) -> bool {
    File::from(gate).read(&mut [0]).is_ok_and(|count| count == 1)
}

struct Keeper {
    worker: Pid,
    output: Option<File>,
    partial: Vec<u8>,
    last_lines: VecDeque<String>,
    refusal: Option<File>,
    children: SignalFd,
}

impl Keeper {
    /// Becomes the clean parent and forks the worker.
    fn start(job: &Job, reports: &mut File) -> Result<Self, Errno> {
        // A TERM for the process group is the command's, not ours.
        SigSet::all().thread_set_mask()?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        let children = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        setsid()?;
        descriptors::restore_limit();
        umask(Mode::from_bits_truncate(0o022));
        chdir("/")?;
        if let Some(leaf) = &job.cgroup
            && let Err(error) = cgroup::enter(leaf)
        {
            Report::Output(format!("warning: unable to enter {}: {error}", leaf.display())).send(reports);
        }
        let (output, output_write) = pipe2(OFlag::O_CLOEXEC)?;
        let (refusal, refusal_write) = pipe2(OFlag::O_CLOEXEC)?;
        let worker = match fork().map_err(|error| Errno::from_raw(i32::from(error.0)))? {
            Fork::Child => exit(work(job, output_write, File::from(refusal_write))),
            Fork::Parent(pid) => Pid::from_raw(pid.cast_signed()),
        };
        fcntl(output.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let (output, refusal) = (Some(File::from(output)), Some(File::from(refusal)));
        Ok(Self { worker, output, partial: Vec::new(), last_lines: VecDeque::new(), refusal, children })
    }

    /// Until the worker has ended: then the outcome; and then until nobody holds the output any more.
    fn watch(mut self, job: &Job, reports: &mut File) -> Result<(), Errno> {
        let mut refused = None;
        let status = loop {
            self.wait()?;
            self.forward(job, Some(reports));
            refused = refused.or_else(|| self.read_refusal(job, reports));
            match waitpid(self.worker, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::StillAlive => while self.children.read_signal()?.is_some() {},
                status => break status,
            }
        };
        refused = refused.or_else(|| self.read_refusal(job, reports));
        self.forward(job, Some(reports));
        self.forward_partial(job, Some(reports));
        let outcome = Outcome { is_stop: job.is_stop, ..self.outcome(status, refused) };
        job.record.write_outcome(&outcome).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(5)))?;
        Report::Done.send(reports);
        while self.output.is_some() {
            self.wait()?;
            self.forward(job, None);
        }
        Ok(())
    }

    fn wait(&self) -> Result<(), Errno> {
        let files = [self.output.as_ref(), self.refusal.as_ref()];
        let mut wanted: Vec<_> =
            files.into_iter().flatten().map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)).collect();
        wanted.push(PollFd::new(self.children.as_fd(), PollFlags::POLLIN));
        match poll(&mut wanted, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The worker closes this pipe by its exec, or says in it why it does nothing.
    fn read_refusal(&mut self, job: &Job, reports: &mut File) -> Option<String> {
        let file = self.refusal.as_mut()?;
        let mut ready = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::ZERO) != Ok(1) {
            return None;
        }
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        self.refusal = None;
        if text.is_empty() && job.command.is_some() {
            Report::Executed(self.worker.as_raw().unsigned_abs()).send(reports);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Forwards whole lines, as many as there are.
    fn forward(&mut self, job: &Job, mut reports: Option<&mut File>) {
        let mut buffer = [0; 4096];
        while let Some(output) = &mut self.output {
            match output.read(&mut buffer) {
                Ok(0) => self.output = None,
                Ok(count) => {
                    self.partial.extend_from_slice(&buffer[..count]);
                    while let Some(end) = self.end_of_line() {
                        let line: Vec<u8> = self.partial.drain(..end).collect();
                        self.forward_line(job, &line, reports.as_deref_mut());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.output = None,
            }
        }
        self.forward_partial(job, reports);
    }

    fn end_of_line(&self) -> Option<usize> {
        let end = self.partial.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        end.or((self.partial.len() > LONGEST_LINE).then_some(LONGEST_LINE))
    }

    /// A last line without its newline.
    fn forward_partial(&mut self, job: &Job, reports: Option<&mut File>) {
        if !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.forward_line(job, &line, reports);
        }
    }

    fn forward_line(&mut self, job: &Job, line: &[u8], reports: Option<&mut File>) {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        let forwarded = format!("{}: {text}\n", job.unit);
        let _ = match job.forward_to_error {
            true => io::stderr().write_all(forwarded.as_bytes()),
            false => io::stdout().write_all(forwarded.as_bytes()),
        };
        if let Some(reports) = reports {
            Report::Output(text.clone()).send(reports);
        }
        if self.last_lines.len() == LINES_KEPT {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(text);
    }

    fn outcome(&self, status: WaitStatus, refused: Option<String>) -> Outcome {
        let (reason, exit) = match status {
            WaitStatus::Exited(_, 0) => (None, Some(0)),
            WaitStatus::Exited(_, code) => (Some(format!("exit {code}")), Some(code.unsigned_abs())),
            WaitStatus::Signaled(_, signal, _) => {
                (Some(format!("killed by {signal}")), Some(128 + (signal as i32).unsigned_abs()))
            }
            _ => (Some("ended in an unknown way".to_owned()), None),
        };
        let output = self.last_lines.iter().cloned().collect();
        match refused {
            Some(reason) => Outcome { reason: Some(reason), output, ..Outcome::default() },
            None => Outcome { reason, exit, output, ..Outcome::default() },
        }
    }
}
