//! runsvdir: a svscan, told by runit's signals, which also lets go of services that leave the directory.
//!
//! It reacts to the directory at once, where runit's looks every five seconds.

use crate::client::{chain, native, options, scan_control};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, pipe};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Its name.
pub const NAME: &str = "runsvdir";
/// Scan, and end the supervises of what has left.
const DEPARTED: &[u8] = b"an";
/// The least bytes of a log argument.
const LEAST: usize = 7;

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let words: Vec<CString> = arguments.iter().cloned().map(chain::c_string).collect();
    // Every supervise makes a session for its service, with -P and without.
    let rest = options::parse(NAME, b"P", &words, |_, _| true);
    let Some([directory, log @ ..]) = rest else { return chain::say(1, &[b"usage: runsvdir [-P] dir\n"]) };
    let mut log = log.first();
    if log.is_some_and(|log| log.count_bytes() < LEAST) {
        for text in ["log must have at least seven characters.", "log service disabled."] {
            chain::say(0, &[b"runsvdir ", directory.to_bytes(), b": warning: ", text.as_bytes()]);
        }
        log = None;
    }
    let directory = Path::new(OsStr::from_bytes(directory.to_bytes()));
    match Tree::start(directory, log.map(|_| arguments)).and_then(|mut tree| tree.keep()) {
        Ok(code) => code,
        Err(error) => chain::fatal(NAME, &[b"unable to supervise ", directory.as_os_str().as_bytes()], error),
    }
}

/// A svscan and what is heard for it.
struct Tree<'a> {
    directory: &'a Path,
    signals: SignalFd,
    departures: Inotify,
    svscan: Child,
}

impl<'a> Tree<'a> {
    /// Starts svscan, its messages in the title of a readproctitle that is called as we are, if there is a log.
    fn start(directory: &'a Path, log: Option<&[OsString]>) -> io::Result<Self> {
        let mask = SigSet::from_iter([Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD]);
        let departures = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        departures.add_watch(directory, AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MOVED_FROM)?;
        let mut command = Command::new(native::directory().join("svscan"));
        command.arg0(NAME).arg(directory).env("PATH", native::scanner_path());
        if let Some(words) = log {
            let (reader, writer) = pipe()?;
            let mut title = Command::new(native::directory().join("readproctitle"));
            title.arg0(NAME).args(words).stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            command.stderr(writer);
        }
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { directory, signals, departures, svscan: command.spawn()? })
    }

    /// Waits for signals and departures until svscan has ended; gives the exit code.
    fn keep(&mut self) -> io::Result<i32> {
        let mut code = 111;
        loop {
            let mut watched =
                [self.signals.as_fd(), self.departures.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            while let Some(signal) = self.signals.read_signal()? {
                match i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok()) {
                    Some(Signal::SIGTERM) => {
                        self.tell(b"b");
                        code = 0;
                    }
                    Some(Signal::SIGHUP) => self.tell(b"t"),
                    _ => {}
                }
            }
            if !matches!(self.departures.read_events(), Err(Errno::EAGAIN)) {
                self.tell(DEPARTED);
            }
            if self.svscan.try_wait()?.is_some() {
                return Ok(code);
            }
        }
    }

    /// Tells svscan. One that does not listen yet has started nothing: it can only end.
    fn tell(&mut self, letters: &[u8]) {
        if scan_control::send(self.directory, letters).is_err() && letters != DEPARTED {
            // It may have ended by itself.
            let _ = self.svscan.kill();
        }
    }
}
