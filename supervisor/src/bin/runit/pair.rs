//! A service and its logger, each with a supervise: it makes the pipe, has a supervise at either end, and keeps both running;
//! when the service's has been told to leave, the logger reads the pipe to its end and leaves as well, so that no line is
//! lost. It polls nothing.
//!
//! runsv is that in runit's dialect. As `pair` it has supervise's own: the wrapper becomes it under runit's scanner, which leaves
//! loggers to its runsv.

use crate::client::error_text::error_text;
use crate::client::{chain, fifo, native};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use supervisor::paths::service;

/// Its name.
pub const NAME: &str = "pair";
/// Who is kept.
const SUPERVISE: &str = "supervise";
/// Between two starts of a supervise.
const PAUSE: Duration = Duration::from_secs(1);
/// For a logger's supervise whose service is gone: not started again, and leave once it is down.
const LAST: &[u8] = b"Ox";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory] = arguments else { return chain::say(100, &[b"usage: pair dir\n"]) };
    match Pair::keep(SUPERVISE, Path::new(directory)) {
        Ok(()) => 0,
        Err(error) => {
            let text = error_text(error);
            let name = directory.as_encoded_bytes();
            chain::say(111, &[b"pair ", name, b": fatal: unable to supervise: ", text.as_bytes()])
        }
    }
}

/// A service and its logger.
pub struct Pair {
    /// What their supervises are called, which is their dialect.
    called: &'static str,
    pipe: Option<(PipeReader, PipeWriter)>,
    signals: SignalFd,
    service: Slot,
    logger: Slot,
    /// TERM came: a supervise that ends now is not started again, however it ends.
    leaves: bool,
}

/// One of the two supervises.
struct Slot {
    directory: PathBuf,
    child: Option<Child>,
    /// When it is started again.
    due: Option<Instant>,
    /// It was told to leave, and did.
    gone: bool,
}

impl Slot {
    const fn new(directory: PathBuf) -> Self {
        Self { directory, child: None, due: None, gone: false }
    }

    /// Takes note of an end. Exit code 0 is a supervise that was told to leave.
    fn reap(&mut self, leaves: bool) -> std::io::Result<()> {
        let Some(child) = &mut self.child else {
            self.gone |= leaves;
            return Ok(());
        };
        if let Some(status) = child.try_wait()? {
            self.child = None;
            self.gone = leaves || status.success();
            self.due = (!self.gone).then(|| Instant::now() + PAUSE);
        }
        Ok(())
    }

    /// Tells a logger's supervise that this is the last run. One that does not listen yet has nothing to lose.
    fn leave(&mut self) {
        let control = fifo::open_fifo(&self.directory, service::CONTROL);
        let told = control.and_then(|control| nix::unistd::write(&control, LAST));
        if told.is_err()
            && let Some(child) = &self.child
        {
            // It may have ended by itself.
            let _ = kill(pid_of(child), Signal::SIGTERM);
        }
    }

    fn is_due(&self) -> bool {
        !self.gone && self.child.is_none() && self.due.is_none_or(|due| due <= Instant::now())
    }
}

impl Pair {
    /// Keeps both running until both have left.
    pub fn keep(called: &'static str, directory: &Path) -> std::io::Result<()> {
        Self::new(called, directory)?.run()
    }

    fn new(called: &'static str, directory: &Path) -> std::io::Result<Self> {
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGCHLD]);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            called,
            pipe: Some(pipe()?),
            signals,
            service: Slot::new(directory.to_path_buf()),
            logger: Slot::new(directory.join(service::LOG)),
            leaves: false,
        })
    }

    fn run(&mut self) -> std::io::Result<()> {
        loop {
            self.start_due()?;
            self.wait()?;
            self.service.reap(self.leaves)?;
            self.logger.reap(false)?;
            // Without our ends of the pipe the logger sees its end.
            if self.service.gone && self.pipe.take().is_some() {
                self.logger.leave();
            }
            if self.service.gone && (self.logger.gone || self.logger.child.is_none()) {
                return Ok(());
            }
        }
    }

    fn start_due(&mut self) -> std::io::Result<()> {
        let Some((reader, writer)) = &self.pipe else { return Ok(()) };
        if self.logger.is_due() {
            self.logger.child = Some(self.supervise(&self.logger).stdin(Stdio::from(reader.try_clone()?)).spawn()?);
        }
        if self.service.is_due() {
            self.service.child = Some(self.supervise(&self.service).stdout(writer.try_clone()?).spawn()?);
        }
        Ok(())
    }

    /// A supervise of ours, with the signal mask that a program expects.
    fn supervise(&self, slot: &Slot) -> Command {
        let mut command = Command::new(native::directory().join(SUPERVISE));
        command.arg0(self.called).arg(&slot.directory);
        command
    }

    /// Waits for a signal or a time that is due. TERM is passed to the service's supervise, which stops it and leaves.
    fn wait(&mut self) -> std::io::Result<()> {
        let next = [&self.service, &self.logger].into_iter().filter_map(|slot| slot.due).min();
        let left = next.map_or(PollTimeout::NONE, |next| {
            let left = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)], left) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(signal) = self.signals.read_signal()? {
            if signal.ssi_signo == Signal::SIGTERM as u32
                && let Some(child) = &self.service.child
            {
                kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM)?;
            }
        }
        Ok(())
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
