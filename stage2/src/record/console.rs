//! The console: whole lines, one write each, never interleaved with another program's, coloured on terminals.
//!
//! A console must never stop the boot: one that takes no more (a serial line with flow control) loses lines.

use std::env;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::poll::{PollFd, PollFlags, poll};
use supervisor::line::{Line, Output};

use crate::record::boot_log::BootLog;

/// How long one line may wait for a console that takes no more, in ms.
const PATIENCE_MS: u16 = 100;

/// Where lines go: the console and boot.log.
pub struct Console {
    terminal: Option<Box<dyn Terminal>>,
    colour: bool,
    log: Option<BootLog>,
}

/// What a console is written to.
trait Terminal: Write + AsFd {}
impl<T: Write + AsFd> Terminal for T {}

impl Console {
    /// Standard output: of a program in the foreground.
    pub fn standard_output(log: Option<BootLog>) -> Self {
        let output = io::stdout();
        let colour = wants_colour(output.is_terminal());
        Self { terminal: Some(Box::new(output)), colour, log }
    }

    /// The device: of the supervised engine. Without one there is boot.log.
    pub fn device(path: &Path, log: Option<BootLog>) -> Self {
        let device = OpenOptions::new().append(true).custom_flags(O_NOCTTY | O_NONBLOCK).open(path).ok();
        let colour = device.as_ref().is_some_and(|device| wants_colour(device.is_terminal()));
        Self { terminal: device.map(|device| Box::new(device) as Box<dyn Terminal>), colour, log }
    }

    /// Writes a unit's line and what it said last. Answers the text without colour, for the progress stream.
    pub fn line(&mut self, line: Line<'_>, output: &[String]) -> String {
        let first = line.to_string();
        let coloured = if self.colour { format!("{line:#}") } else { first.clone() };
        let rest: Vec<String> = output.iter().map(|text| Output(text).to_string()).collect();
        self.put(&coloured);
        self.append(&first);
        for text in &rest {
            self.put(text);
            self.append(text);
        }
        std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
    }

    /// Writes a line that is not about a unit. Control characters are the caller's to avoid.
    pub fn plain(&mut self, text: &str) {
        for line in text.lines() {
            self.put(line);
            self.append(line);
        }
    }

    fn append(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            log.append(line);
        }
    }

    /// One write a line; what a stuck console does not take within [`PATIENCE_MS`] is lost there, not in boot.log.
    fn put(&mut self, line: &str) {
        let Some(terminal) = &mut self.terminal else { return };
        let text = format!("{line}\n");
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match terminal.write(rest) {
                Ok(0) => return,
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut wanted = [PollFd::new(terminal.as_fd(), PollFlags::POLLOUT)];
                    if poll(&mut wanted, PATIENCE_MS) != Ok(1) {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
        let _ = terminal.flush();
    }
}

/// Whether marks are coloured on what is (or is not) a terminal.
fn wants_colour(is_terminal: bool) -> bool {
    is_terminal
        && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != OsStr::new("dumb"))
}
