//! Becoming the scanner.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::fcntl::OFlag;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::SigSet;
use supervisor::paths::{self, run};

use crate::boot::{self, Boot};
use crate::environment;
use crate::failure::Failure;
use crate::other_scanner::Other;
use crate::steps::limits;

/// PATH as services are to get it; the wrapper puts it back.
const ORIGINAL_PATH: &str = "SUPERVISE_PATH";
/// The limits of open files that children get back: `SOFT:HARD`.
const ORIGINAL_LIMIT: &str = "SUNUP_NOFILE";

/// Our own regard in the eyes of who frees memory.
const OOM_SCORE: &str = "/proc/self/oom_score_adj";
/// Never to be chosen.
const NEVER: &str = "-1000";

/// The log FIFO, opened for writing: it becomes the scanner's standard output and error.
#[derive(Debug)]
pub struct Log(Option<(File, File)>);

impl Log {
    /// Opens the FIFO without a reader: for a moment we are the reader. (So this comes before there is a waiter.) What
    /// we have said so far goes into it, so that the logger finds the log whole; it waits there as long as a writer is
    /// open, and that is process 1.
    pub fn open(boot: &Boot) -> Self {
        Self(open(boot).ok())
    }
}

fn open(boot: &Boot) -> io::Result<(File, File)> {
    let fifo = boot.below_run(run::LOG_FIFO);
    let nonblocking = OFlag::O_NONBLOCK.bits();
    let _reader = OpenOptions::new().read(true).custom_flags(nonblocking).open(&fifo)?;
    let writer = OpenOptions::new().write(true).open(&fifo)?;
    let mut early = OpenOptions::new().write(true).custom_flags(nonblocking).open(&fifo)?;
    let _ = early.write_all(boot.report.log().as_bytes());
    Ok((writer.try_clone()?, writer))
}

/// While it lives the kernel does not choose us when memory runs out, and neither whoever we start.
#[derive(Debug)]
struct Shield {
    /// Our `oom_score_adj` as it was.
    before: String,
}

impl Shield {
    /// `None` where the kernel does not allow it, as in most containers, or where it is so already: then everything is as
    /// whoever made the container wants it.
    fn raise() -> Option<Self> {
        let before = fs::read_to_string(OOM_SCORE).ok()?.trim_end().to_owned();
        fs::write(OOM_SCORE, NEVER).ok().filter(|()| before != NEVER)?;
        Some(Self { before })
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        let _ = fs::write(OOM_SCORE, &self.before);
    }
}

/// Executes the scanner: the one that was chosen, or svscan from the run directory, or the installed one where there is no
/// copy. Returns only what went wrong.
pub fn execute(boot: &mut Boot, log: &Log) -> Failure {
    let shield = Shield::raise();
    let start = |command: &mut Command| become_program(boot, log, shield.as_ref(), command);
    if let Some(other) = Other::chosen(boot.settings.scanner) {
        let program = other.installed(boot).unwrap_or_else(|| other.program.into());
        let failure = start(&mut other_scanner(boot, other, &program));
        // For ours, which is next.
        let _ = limits::raise(boot.open_files);
        return failure;
    }
    let ours = [boot.below_run(run::BIN).join("svscan"), boot.lib.join("bin/svscan")];
    let [failure, _] = ours.map(|program| start(&mut svscan(boot, &program)));
    failure
}

/// The environment that every scanner gets begins with what is meant for programs.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment::variables(boot::is_first())).current_dir("/");
    command
}

/// It gives children the limits and the blocked signals that it has. It stands in its directory, as ours does: that is how
/// stage 3 knows process 1.
fn other_scanner(boot: &Boot, other: &Other, program: &Path) -> Command {
    if let Some((soft, hard)) = boot.open_files {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
    }
    let _ = other.blocked.iter().copied().collect::<SigSet>().thread_block();
    let directory = boot.below_run(run::SCAN);
    let mut command = command(program);
    command.args(other.options).arg(&directory).current_dir(&directory);
    command
}

fn svscan(boot: &Boot, program: &Path) -> Command {
    let mut command = command(program);
    // Standard error first: that one is the console of the scanner's own end.
    for stream in boot.streams.iter().rev() {
        command.arg("-X").arg(stream.as_raw_fd().to_string());
    }
    command.args(["-t", "0"]).arg(boot.below_run(run::SCAN));
    if let Some((soft, hard)) = boot.open_files {
        command.env(ORIGINAL_LIMIT, format!("{soft}:{hard}"));
    }
    command
}

fn become_program(boot: &Boot, log: &Log, shield: Option<&Shield>, command: &mut Command) -> Failure {
    command.env("PATH", path(boot)).env(ORIGINAL_PATH, &boot.path);
    if boot.run != Path::new(paths::RUN) {
        command.env(paths::RUN_VARIABLE, &boot.run);
    }
    if let Some(shield) = shield {
        command.env(paths::OOM_VARIABLE, &shield.before);
    }
    if let Ok(null) = File::open("/dev/null") {
        command.stdin(null);
    }
    if let Some((Ok(out), Ok(error))) = log.0.as_ref().map(|(out, error)| (out.try_clone(), error.try_clone())) {
        command.stdout(out).stderr(error);
    }
    let error = command.exec();
    Failure::new(format_args!("run {}", Path::new(command.get_program()).display()), error)
}

/// `RUN/wrapper:RUN/bin:` and the original.
fn path(boot: &Boot) -> OsString {
    let mut path = OsString::new();
    for name in [run::WRAPPER, run::BIN] {
        path.push(boot.below_run(name));
        path.push(":");
    }
    path.push(&boot.path);
    path
}
