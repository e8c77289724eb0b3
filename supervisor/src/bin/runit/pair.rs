//! A service and its logger, each with a supervise: it makes the pipe, has a supervise at either end, and keeps both running;
//! when the service's has been told to leave, the logger reads the pipe to its end and leaves as well, so that no line is
//! lost. It polls nothing.
//!
//! runsv is that in runit's dialect. As `pair` it has supervise's own: the wrapper becomes it under runit's scanner, which leaves
//! loggers to its runsv.

use crate::client::error_text::error_text;
use crate::client::record::Record;
use crate::client::{chain, fifo, native};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use supervisor::paths::service;
use supervisor::sys::proc::start_ticks;

/// Its name.
pub const NAME: &str = "pair";
/// Who is kept.
const SUPERVISE: &str = "supervise";
/// Between two starts of a supervise.
const PAUSE: Duration = Duration::from_secs(1);
/// For a logger's supervise whose service is gone: not started again, and leave once it is down.
const LAST: &[u8] = b"Ox";
/// For a supervise whose service somebody else has begun: take it down and leave.
const DOWN: &[u8] = b"dx";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory] = arguments else { return chain::say(100, &[b"usage: pair dir\n"]) };
    let name = [b"pair ", directory.as_encoded_bytes()].concat();
    match Pair::keep(&name, SUPERVISE, Path::new(directory)) {
        Ok(()) => 0,
        Err(error) => chain::say(111, &[&name, b": fatal: unable to supervise: ", error_text(error).as_bytes()]),
    }
}

/// A service and its logger.
pub struct Pair<'a> {
    /// What messages begin with.
    name: &'a [u8],
    /// What their supervises are called, which is their dialect.
    called: &'static str,
    /// Gone with the service's last supervise: nothing is started any more.
    pipe: Option<(PipeReader, PipeWriter)>,
    signals: SignalFd,
    service: Slot,
    logger: Slot,
    /// TERM came.
    is_told: bool,
    /// What the next supervise of the service finds in its control FIFO, which would forget it if nobody held it; given up with
    /// that, since whoever writes there, or asks whether the service is supervised, takes us for one.
    letters: Option<OwnedFd>,
}

/// One of the two supervises.
struct Slot {
    directory: PathBuf,
    child: Option<Child>,
    /// When it is started, while there is no child.
    due: Option<Instant>,
}

impl Slot {
    fn new(directory: PathBuf) -> Self {
        Self { directory, child: None, due: Some(Instant::now()) }
    }

    /// Starts a supervise of ours if it is due, with the signal mask that a program expects. Where memory or processes are short
    /// that is told and tried again: whoever keeps us can't know which of the two runs already.
    fn start_due(
        &mut self,
        name: &[u8],
        called: &str,
        connect: impl FnOnce(&mut Command) -> std::io::Result<&mut Command>,
    ) {
        if self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        let mut command = Command::new(native::directory().join(SUPERVISE));
        command.arg0(called).arg(&self.directory);
        match connect(&mut command).and_then(Command::spawn) {
            Ok(child) => (self.child, self.due) = (Some(child), None),
            Err(error) => {
                self.due = Some(Instant::now() + PAUSE);
                let (directory, text) = (self.directory.as_os_str().as_encoded_bytes(), error_text(error));
                let what: &[u8] = b": warning: unable to start supervise for ";
                chain::say(0, &[name, what, directory, b": ", text.as_bytes()]);
            }
        }
    }

    /// Takes note of an end. Answers whether it had exit code 0, and so was told to leave.
    fn reap(&mut self) -> std::io::Result<Option<bool>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let status = child.try_wait()?;
        if status.is_some() {
            (self.child, self.due) = (None, Some(Instant::now() + PAUSE));
        }
        Ok(status.map(|status| status.success()))
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
}

impl<'a> Pair<'a> {
    /// Keeps both running until the service's has left, and the logger's after it. Messages begin with `name`.
    pub fn keep(name: &'a [u8], called: &'static str, directory: &Path) -> std::io::Result<()> {
        Self::new(name, called, directory)?.run()
    }

    fn new(name: &'a [u8], called: &'static str, directory: &Path) -> std::io::Result<Self> {
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGCHLD]);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            name,
            called,
            pipe: Some(pipe()?),
            signals,
            service: Slot::new(directory.to_path_buf()),
            logger: Slot::new(directory.join(service::LOG)),
            is_told: false,
            letters: None,
        })
    }

    fn run(&mut self) -> std::io::Result<()> {
        while self.pipe.is_some() || self.logger.child.is_some() {
            self.start_due();
            self.wait()?;
            if let Some(has_left) = self.service.reap()? {
                self.letters = None;
                if has_left {
                    self.end();
                } else if self.is_told {
                    self.leave();
                }
            }
            self.logger.reap()?;
        }
        Ok(())
    }

    /// Leaves, as the service has no supervise any more. What one that was killed has left running is taken down first, by another
    /// that knows it from its record: told once it listens it would have to be waited for, and TERM would kill it until then. Is
    /// that killed too there is one more.
    fn leave(&mut self) {
        self.letters = letters_to_successor(&self.service.directory);
        if self.letters.is_none() {
            self.end();
        }
    }

    /// Without our ends of the pipe the logger sees its end.
    fn end(&mut self) {
        self.pipe = None;
        self.logger.leave();
    }

    fn start_due(&mut self) {
        let Some((reader, writer)) = &self.pipe else { return };
        self.logger.start_due(self.name, self.called, |command| Ok(command.stdin(reader.try_clone()?)));
        self.service.start_due(self.name, self.called, |command| Ok(command.stdout(writer.try_clone()?)));
    }

    /// When something is to be started.
    fn next_start(&self) -> Option<Instant> {
        self.pipe.as_ref()?;
        [&self.service, &self.logger].into_iter().filter_map(|slot| slot.due).min()
    }

    /// Waits for a signal or a time that is due. TERM is passed to the service's supervise, which stops it and leaves.
    fn wait(&mut self) -> std::io::Result<()> {
        let left = self.next_start().map_or(PollTimeout::NONE, |next| {
            let left = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)], left) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(signal) = self.signals.read_signal()? {
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                self.is_told = true;
                match &self.service.child {
                    Some(child) => kill(pid_of(child), Signal::SIGTERM)?,
                    None if self.pipe.is_some() && self.letters.is_none() => self.leave(),
                    None => {}
                }
            }
        }
        Ok(())
    }
}

/// Tells the next supervise of a service that runs without any. Answers what must be held until that reads it.
fn letters_to_successor(directory: &Path) -> Option<OwnedFd> {
    let status = Record::of(directory).ok()??.status;
    let runs = status.pid != 0 && start_ticks(status.pid) == Some(status.start_ticks);
    let is_heard = !matches!(fifo::open_fifo(directory, service::CONTROL), Err(Errno::ENXIO));
    if !runs || is_heard {
        return None;
    }
    let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let control = open(&directory.join(service::CONTROL), flags, Mode::empty()).ok()?;
    nix::unistd::write(&control, DOWN).ok().map(|_| control)
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
