//! What stage 1 says, and where: the console at once; boot.log and the timeline from the moment there is a run
//! directory, with what was said before; kmsg for failures, in case nobody sees the console.
//!
//! Nothing here may fail loudly or block for long: a line that cannot be written is lost.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use nix::time::{ClockId, clock_gettime};
use supervisor::json::Quoted;
use supervisor::line::{Line, Mark, Stamp};
use supervisor::paths::run;

use crate::console::Console;
use crate::failure::Failure;

/// The unit's name in every line and event of stage 1.
const UNIT: &str = "stage1";
/// The kernel's level for failures: higher ones would show on the console a second time even with `quiet`.
const WARNING: &str = "<4>";

/// One `step` event.
#[derive(Debug)]
struct Event {
    t_ns: u64,
    step: &'static str,
    error: Option<String>,
}

/// Where lines and events go.
#[derive(Debug)]
pub struct Report {
    console: Option<Console>,
    kmsg: Option<File>,
    began_ns: u64,
    boot_id: String,
    log: String,
    boot_log: Option<File>,
    events: Vec<Event>,
    timeline: Option<File>,
    failed: bool,
}

impl Report {
    /// Opens the console, and begins the log with our name and version.
    pub fn new() -> Self {
        let mut report = Self {
            console: Console::open_or_inherit(),
            kmsg: None,
            began_ns: now_ns(),
            boot_id: String::new(),
            log: String::new(),
            boot_log: None,
            events: Vec::new(),
            timeline: None,
            failed: false,
        };
        report.say(&format!("sunup {}: stage 1 begins", env!("CARGO_PKG_VERSION")), None);
        report
    }

    /// Failures go to the kernel's log too, from here on. Only where it is ours.
    pub fn use_kmsg(&mut self) {
        self.kmsg = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open("/dev/kmsg").ok();
    }

    /// Opens the console again, once /dev is there.
    pub fn reopen_console(&mut self) {
        if let Some(console) = Console::open() {
            self.console = Some(console);
        }
    }

    /// Something could not be done, and the boot goes on.
    pub fn failure(&mut self, failure: &Failure) {
        self.failed = true;
        let text = failure.to_string();
        self.line(Mark::Fail, &text, None);
        if let Some(kmsg) = &mut self.kmsg {
            let _ = kmsg.write_all(format!("{WARNING}sunup: {UNIT}: {text}\n").as_bytes());
        }
    }

    /// The boot waits for somebody.
    pub fn wait(&mut self, text: &str) {
        self.line(Mark::Wait, text, None);
    }

    /// A step has ended.
    pub fn step(&mut self, step: &'static str, error: Option<&Failure>) {
        self.events.push(Event { t_ns: now_ns(), step, error: error.map(ToString::to_string) });
        self.flush_events();
    }

    /// The last line, unless failures have been the last words.
    pub fn end(&mut self) {
        if !self.failed {
            self.line(Mark::Ok, "the scanner may start", Some((now_ns() - self.began_ns) / 1_000_000));
        }
    }

    /// The run directory is there: everything said so far is written to its files, and all that follows as it is said.
    pub fn keep(&mut self, run: &Path, boot_id: &str) {
        boot_id.clone_into(&mut self.boot_id);
        self.boot_log = append(&run.join(run::BOOT_LOG));
        self.timeline = append(&run.join(run::TIMELINE));
        if let Some(file) = &mut self.boot_log {
            let _ = file.write_all(self.log.as_bytes());
        }
        self.flush_events();
    }

    /// Everything said so far, as boot.log has it.
    pub fn log(&self) -> &str {
        &self.log
    }

    fn line(&mut self, mark: Mark, text: &str, milliseconds: Option<u64>) {
        let line = Line { mark, unit: UNIT, text, milliseconds };
        self.say(&line.to_string(), Some(&format!("{line:#}")));
    }

    /// Writes a line to the log, and to the console with colour where that is wanted.
    fn say(&mut self, plain: &str, coloured: Option<&str>) {
        if let Some(console) = &mut self.console {
            console.line(plain, coloured);
        }
        let stamped = format!("{}{plain}\n", Stamp(now_ns()));
        if let Some(file) = &mut self.boot_log {
            let _ = file.write_all(stamped.as_bytes());
        }
        self.log.push_str(&stamped);
    }

    fn flush_events(&mut self) {
        let Some(file) = &mut self.timeline else { return };
        for event in self.events.drain(..) {
            let mut line = format!(r#"{{"t_ns":{},"boot":{},"unit":"{UNIT}","#, event.t_ns, Quoted(&self.boot_id));
            let _ = write!(line, r#""event":"step","step":"{}","error":"#, event.step);
            let _ = match &event.error {
                Some(error) => writeln!(line, "{}}}", Quoted(error)),
                None => writeln!(line, "null}}"),
            };
            let _ = file.write_all(line.as_bytes());
        }
    }
}

/// CLOCK_MONOTONIC in ns.
fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or((0, 0), |t| (t.tv_sec(), t.tv_nsec()));
    u64::try_from(time.0).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.1).unwrap_or(0)
}

/// Appends to a log that everyone may read.
fn append(path: &Path) -> Option<File> {
    OpenOptions::new().append(true).create(true).mode(0o644).open(path).ok()
}
