//! Where stage 3 says what it does: the console, the kernel's log, boot.log and the timeline.
//!
//! The descriptors are opened once, at the beginning, and never block: later their paths are gone. Nothing here may
//! fail or wait for long, since a machine that cannot print must still stop.

pub mod leftovers;
pub mod wtmp;

mod console;

use console::Console;
use nix::libc;
use nix::time::{ClockId, clock_gettime};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use supervisor::json::Quoted;
use supervisor::line::{Clean, Line, Mark, Stamp};
use supervisor::paths;

/// The unit's name on lines and in events.
const UNIT: &str = "stage3";

/// The four places.
#[derive(Debug)]
pub struct Report {
    console: Option<Console>,
    kernel_log: Option<File>,
    boot_log: Option<File>,
    timeline: Option<File>,
    boot: String,
}

impl Report {
    /// Opens what there is. The kernel's log is the machine's, so a container does not write there.
    pub fn open(run: &Path, first_namespace: bool) -> Self {
        let writable = |path: &Path| {
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_APPEND;
            OpenOptions::new().write(true).custom_flags(flags).open(path).ok()
        };
        let report = Self {
            console: Console::open(Path::new("/dev/console")),
            kernel_log: first_namespace.then(|| writable(Path::new("/dev/kmsg"))).flatten(),
            boot_log: writable(&run.join(paths::run::BOOT_LOG)),
            timeline: writable(&run.join(paths::run::TIMELINE)),
            boot: fs::read_to_string(run.join(paths::run::BOOT_ID)).unwrap_or_default().trim().into(),
        };
        report.let_go_of_the_log();
        report
    }

    /// Standard output and error were the log FIFO; holding it open would keep the catch-all logger from its end.
    fn let_go_of_the_log(&self) {
        let nothing = OpenOptions::new().read(true).write(true).open("/dev/null").ok();
        for place in [nothing.as_ref(), self.console.as_ref().map(Console::device)].into_iter().flatten() {
            let _ = nix::unistd::dup2_stdout(place);
            let _ = nix::unistd::dup2_stderr(place);
        }
        if let Some(nothing) = nothing {
            let _ = nix::unistd::dup2_stdin(&nothing);
        }
    }

    /// A line with a mark.
    pub fn line(&self, mark: Mark, text: &str, milliseconds: Option<u64>) {
        let line = Line { mark, unit: UNIT, text, milliseconds };
        if let Some(console) = &self.console {
            console.line(&line);
        }
        self.files(&line);
    }

    /// A line without a mark, in the kernel's log as well. Names of files and processes are anyone's choice: a line break
    /// in one must not make a line of its own.
    pub fn plain(&self, text: &str) {
        let text = Clean(text).to_string();
        self.files(&text);
        if let Some(mut log) = self.kernel_log.as_ref() {
            let _ = log.write_all(format!("<5>sunup: {text}\n").as_bytes());
        }
        if let Some(console) = &self.console {
            console.put(&text);
        }
    }

    /// A step has ended.
    pub fn step(&self, step: &str, error: Option<&str>) {
        let error = error.map_or("null".into(), |error| Quoted(error).to_string());
        let event = format!(
            "{{\"t_ns\":{},\"boot\":{},\"unit\":\"{UNIT}\",\"event\":\"step\",\"step\":{},\"error\":{error}}}\n",
            monotonic_ns(),
            Quoted(&self.boot),
            Quoted(step),
        );
        if let Some(mut timeline) = self.timeline.as_ref() {
            let _ = timeline.write_all(event.as_bytes());
        }
    }

    /// Waits until the console has sent what it got. May block: for a thread that nobody waits for without a bound.
    pub fn drain_console() {
        let _ = nix::sys::termios::tcdrain(std::io::stdout());
    }

    fn files(&self, line: &impl Display) {
        if let Some(mut log) = self.boot_log.as_ref() {
            let _ = log.write_all(format!("{}{line}\n", Stamp(monotonic_ns())).as_bytes());
        }
    }
}

/// CLOCK_MONOTONIC in ns.
pub fn monotonic_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| {
        u64::try_from(time.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec()).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody's file name can forge the last line.
    #[test]
    fn a_line_stays_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("boot.log");
        let boot_log = Some(File::create(&path).unwrap());
        Report { console: None, kernel_log: None, boot_log, timeline: None, boot: String::new() }
            .plain("a\nclean stop\x1b[2J");
        let text = fs::read_to_string(path).unwrap();
        assert!(text.ends_with(" a?clean stop?[2J\n") && text.lines().count() == 1, "{text:?}");
    }
}
