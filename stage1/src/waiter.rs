//! The waiter: a child of process 1 that does the waiting, so that process 1 never does. Once the catch-all logger reads
//! it has the scanner hold the log FIFO, ups the engine, and is gone.
//!
//! It keeps law 1. If no logger reads in time it reads the FIFO itself, for console and kmsg; if the engine cannot be
//! upped there is a getty, and without that a shell.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use supervisor::control;
use supervisor::paths::{run, scan, service};
use supervisor::settings::Scanner;
use supervisor::status::{Phase, Status};
use supervisor::sys::process::{Fork, fork, kill};
use supervisor::sys::signal::{Disposition, SIGKILL, SIGPIPE, set_disposition};

use crate::boot::{self, Boot};
use crate::cmdline::Debug;
use crate::console::Console;
use crate::failure::{Failure, Trying};
use crate::{emergency, letter};

/// How long the logger may take until we read in its place.
const LOGGER: Duration = Duration::from_secs(5);
/// How long the scanner, the engine's supervise or the getty's may take each.
const SUPERVISE: Duration = Duration::from_secs(10);
/// Bytes of a line in the kernel's log.
const LONGEST_LINE: usize = 900;
/// Names of the image's service directories.
const CATCH_ALL: &str = "catch-all";
const ENGINE: &str = "engine";
const GETTY: &str = "getty-early";

/// The waiter, as process 1 knows it.
#[derive(Debug)]
pub struct Waiter(u32);

impl Waiter {
    /// There is nothing to wait for: no scanner can run. It would offer a second shell on the same console.
    pub fn end(self) {
        let _ = kill(self.0, SIGKILL);
    }
}

/// Forks the waiter. In the parent it returns at once; the child never returns.
pub fn start(boot: &Boot) -> Result<Waiter, Failure> {
    match fork() {
        Ok(Fork::Parent(pid)) => Ok(Waiter(pid)),
        Ok(Fork::Child) => wait(boot),
        Err(error) => Err(std::io::Error::from_raw_os_error(error.into())).trying("fork the waiter"),
    }
}

fn wait(boot: &Boot) -> ! {
    let _ = nix::unistd::setsid();
    let _ = set_disposition(SIGPIPE, Disposition::Ignore);
    let fifo = boot.below_run(run::LOG_FIFO);
    let writer = letter::await_reader(&fifo, Instant::now() + LOGGER);
    let stand_in = if writer.is_none() { StandIn::new(boot) } else { None };
    // What we say is for whoever reads the log; while that is us, it is shown at once.
    let mut log = writer.filter(|_| stand_in.is_none());
    if boot.options().emergency {
        say(&mut log, "[wait] stage1: a shell before anything is started, until it ends");
        emergency::shell();
    }
    up(boot, log);
    if let Some(stand_in) = stand_in {
        stand_in.copy_until_ready();
    }
    std::process::exit(0)
}

/// Has the scanner hold the FIFO, and the engine work, or else someone who can log in.
fn up(boot: &Boot, mut log: Option<File>) {
    let scanner = boot.below_run(run::SCAN).join(scan::CONTROL);
    let deadline = || Instant::now() + SUPERVISE;
    // Another scanner takes no letters.
    let is_ours = boot.settings.scanner == Scanner::Sunup;
    let held = is_ours.then(|| letter::send(&scanner, control::scanner::HOLD_FIFO, deadline()));
    let up = |name| letter::send(&control(boot, name), control::supervise::UP, deadline());
    // Before the engine is: that ends it where a getty of the units is to have the terminal.
    let early = (boot.options().debug != Debug::No).then(|| up(GETTY));
    let result = up(ENGINE);
    for failure in held.and_then(Result::err).iter().chain(result.as_ref().err()) {
        fail(&mut log, failure);
    }
    if let Some(Err(failure)) = early.or_else(|| result.is_err().then(|| up(GETTY))) {
        fail(&mut log, &failure);
        // Another process, because this one may have to read the log.
        if !matches!(fork(), Ok(Fork::Parent(_))) {
            emergency::shell_for_ever();
        }
    }
}

fn control(boot: &Boot, name: &str) -> PathBuf {
    boot.below_run(run::SERVICE).join(name).join(service::CONTROL)
}

fn fail(log: &mut Option<File>, failure: &Failure) {
    say(log, &format!("[fail] stage1: {failure}"));
}

/// To the log, and to the console, because nobody may ever read that log.
fn say(log: &mut Option<File>, line: &str) {
    if let Some(log) = log {
        let _ = log.write_all(format!("{line}\n").as_bytes());
    }
    if let Some(mut console) = Console::open() {
        console.line(line, None);
    }
}

/// Reads the FIFO in the logger's place.
struct StandIn {
    fifo: File,
    status: PathBuf,
    /// The logger's service directory says how it tells that it is ready.
    announces: bool,
    inotify: Inotify,
    console: Option<Console>,
    kmsg: Option<File>,
}

impl StandIn {
    fn new(boot: &Boot) -> Option<Self> {
        let nonblocking = OFlag::O_NONBLOCK.bits();
        let fifo = boot.below_run(run::LOG_FIFO);
        let fifo = OpenOptions::new().read(true).custom_flags(nonblocking).open(fifo).ok()?;
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
        let kmsg = boot::is_first().then(|| OpenOptions::new().write(true).custom_flags(nonblocking).open("/dev/kmsg"));
        let logger = boot.below_run(run::SERVICE).join(CATCH_ALL);
        let announces = logger.join(service::NOTIFICATION_FD).exists();
        Some(Self {
            fifo,
            status: logger.join(service::STATUS),
            announces,
            inotify,
            console: Console::open(),
            kmsg: kmsg.and_then(Result::ok),
        })
    }

    /// Copies what is written to the log until the logger runs; if it never does, for as long as the machine runs.
    fn copy_until_ready(mut self) {
        let events = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        loop {
            // As in `letter`: first watch, then look, so that nothing falls between.
            for directory in self.status.ancestors().skip(1).take(2) {
                let _ = self.inotify.add_watch(directory, events);
            }
            if self.logger_runs() {
                return;
            }
            let ended = self.copy();
            self.wait(!ended);
        }
    }

    /// It runs and, if it can say so, is ready.
    fn logger_runs(&self) -> bool {
        let record = fs::read(&self.status).unwrap_or_default();
        let status = Status::unpack(&record);
        status.is_some_and(|status| status.phase == Phase::Run && (status.ready || !self.announces))
    }

    /// Copies what is there. True at end of file: no writer is left, and polling would never block.
    fn copy(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.fifo.read(&mut buffer) {
                Ok(0) => return true,
                Ok(size) => self.show(buffer.get(..size).unwrap_or_default()),
                Err(_) => return false,
            }
        }
    }

    /// The kernel takes a line a write, and none that is longer than 1 KB.
    fn show(&mut self, text: &[u8]) {
        if let Some(console) = &mut self.console {
            console.write(text);
        }
        if let Some(kmsg) = &mut self.kmsg {
            for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                let _ = kmsg.write_all(line.get(..LONGEST_LINE).unwrap_or(line));
            }
        }
    }

    fn wait(&self, for_text: bool) {
        let mut descriptors = vec![PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)];
        if for_text {
            descriptors.push(PollFd::new(self.fifo.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut descriptors, PollTimeout::NONE);
        let _ = self.inotify.read_events();
    }
}
