//! runsv: supervises a service, and its logger with it.
//!
//! Without a logger it becomes supervise. With one it makes the pipe, has a supervise at either end, and keeps both running;
//! when the service's has been told to leave, the logger reads the pipe to its end and leaves as well, so that no line is
//! lost. It polls nothing.

use crate::client::error_text::error_text;
use crate::client::{chain, fifo, native, ok};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use std::ffi::{OsStr, OsString};
use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use supervisor::paths::service;

/// Its name.
pub const NAME: &str = "runsv";
/// Between two starts of a supervise.
const PAUSE: Duration = Duration::from_secs(1);
/// For a logger's supervise whose service is gone: not started again, and leave once it is down.
const LAST: &[u8] = b"Ox";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory] = arguments else { return chain::say(1, &[b"usage: runsv dir\n"]) };
    let fatal = |what: &str, error: std::io::Error| {
        chain::say(111, &[&prefix(directory), b": fatal: ", what.as_bytes(), b": ", error_text(error).as_bytes()])
    };
    if let Err(error) = nix::unistd::chdir(Path::new(directory)) {
        return fatal("unable to change to directory", error.into());
    }
    if ok::open_ok(Path::new(".")).is_ok() {
        return fatal("unable to lock supervise/lock", nix::errno::Errno::EAGAIN.into());
    }
    if !Path::new(service::LOG).is_dir() {
        return native::become_native(NAME, "supervise", &[c".".to_owned()], &chain::environment());
    }
    match Pair::start().and_then(|mut pair| pair.keep()) {
        Ok(()) => 0,
        Err(error) => fatal("unable to supervise", error),
    }
}

/// `runsv NAME`, which messages begin with.
fn prefix(directory: &OsStr) -> Vec<u8> {
    [b"runsv ", directory.as_encoded_bytes()].concat()
}

/// A service and its logger.
struct Pair {
    pipe: Option<(PipeReader, PipeWriter)>,
    signals: SignalFd,
    service: Slot,
    logger: Slot,
    /// TERM came: a supervise that ends now is not started again, however it ends.
    leaves: bool,
}

/// One of the two supervises.
struct Slot {
    directory: &'static str,
    child: Option<Child>,
    /// When it is started again.
    due: Option<Instant>,
    /// It was told to leave, and did.
    gone: bool,
}

impl Slot {
    const fn new(directory: &'static str) -> Self {
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
        let control = fifo::open_fifo(Path::new(self.directory), service::CONTROL);
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
    fn start() -> std::io::Result<Self> {
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGCHLD]);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            pipe: Some(pipe()?),
            signals,
            service: Slot::new("."),
            logger: Slot::new(service::LOG),
            leaves: false,
        })
    }

    /// Keeps both running until both have left.
    fn keep(&mut self) -> std::io::Result<()> {
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
            self.logger.child = Some(supervise(self.logger.directory).stdin(Stdio::from(reader.try_clone()?)).spawn()?);
        }
        if self.service.is_due() {
            self.service.child = Some(supervise(self.service.directory).stdout(writer.try_clone()?).spawn()?);
        }
        Ok(())
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

/// A supervise of ours, with the signal mask that a program expects.
fn supervise(directory: &str) -> Command {
    let mut command = Command::new(native::directory().join("supervise"));
    command.arg0(NAME).arg(directory);
    command
}
